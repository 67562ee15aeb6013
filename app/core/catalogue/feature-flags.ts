import { valueProblem } from "~/core/decision/values";
import type { Feature, FlagLink, Value } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { type FlagFilters, type FlagTarget, payloadOf, variantsOf } from "~/core/posthog/flag-filters";

/**
 * What PostHog knows of a flag. `silent`: PostHog does not mention it, so it does not exist or is inactive. `unknown`:
 * PostHog cannot be asked. `filters` null: only its target is known.
 */
export type FlagLook =
  | { is: "found"; active: boolean; audience: FlagTarget | undefined; filters: FlagFilters | null }
  | { is: "missing" | "silent" | "unknown" };

export type LinkFinding = {
  code: "missing" | "silent" | "elsewhere" | "persons" | "mixed" | "payload" | "no_value";
  says: string;
  todo: string;
};

type Linked = Feature & { flag: FlagLink };

/** Problems and remarks about linking this feature to the flag. `groupType` is PostHog's name for tenants. */
export const linkFindings = (feature: Linked, look: FlagLook, groupType: string): LinkFinding[] => [
  ...lookFindings(feature.flag, look, groupType),
  ...(look.is === "found" && look.filters ? valueFindings(feature, look.filters) : []),
];

function lookFindings({ key, rule }: FlagLink, look: FlagLook, groupType: string): LinkFinding[] {
  const found: LinkFinding[] = [];
  const add = (code: LinkFinding["code"], says: string, todo: string) => void found.push({ code, says, todo });
  const orUntie = "or take the tie off the feature.";
  if (look.is === "missing") add("missing", `PostHog has no flag ${key}.`, `Create it in PostHog, correct the key, ${orUntie}`);
  if (look.is === "silent") {
    const effect = rule === "grant" ? "so it adds nothing" : "so it would switch the feature off for everybody";
    add("silent", `PostHog has no flag ${key} that is switched on, ${effect}.`, `Switch it on in PostHog, correct the key, ${orUntie}`);
  }
  if (look.is !== "found") return found;
  const { audience } = look;
  if (audience === "elsewhere") {
    const says = `The flag ${key} is about groups of another type than ${groupType}, so it says nothing of tenants.`;
    add("elsewhere", says, `Let it match by ${groupType} in PostHog, ${orUntie}`);
  }
  if (audience === "persons")
    add("persons", `The flag ${key} is about persons.`, `Checks have to name a user, or it says nothing. Or let it match by ${groupType}.`);
  if (audience === "mixed")
    add("mixed", `The flag ${key} is about tenants and about persons.`, "Checks without a user get its value for the tenant alone.");
  return found;
}

/** Reports the first value that does not fit; one sentence is enough. */
function valueFindings(feature: Linked, filters: FlagFilters): LinkFinding[] {
  const values = valuesOf(feature, filters);
  const at = values.findIndex((value) => valueProblem(feature, value) !== null);
  if (at === -1) return [];
  const unfit = values[at];
  const { key } = feature.flag;
  const gives = unfit === undefined ? `The flag ${key} has no payload` : `The flag ${key} gives ${JSON.stringify(unfit)}`;
  const says = `${gives}, and ${feature.name} ${valueProblem(feature, unfit)}.`;
  return [{ code: unfit === undefined ? "no_value" : "payload", says, todo: "Give it a payload that fits, in PostHog." }];
}

/** Values the flag may give: one per variant in use. Gates give none. */
function valuesOf(feature: Linked, filters: FlagFilters): (Value | undefined)[] {
  if (feature.type === "boolean" || feature.flag.rule === "gate") return [];
  const variants = variantsOf(filters);
  if (variants.length === 0) return [payloadOf(filters)];
  const isText = feature.type === "config" && feature.config.kind === "text";
  return variants.map((variant) => payloadOf(filters, variant) ?? (isText ? variant : undefined));
}

/** Refuses a link that could do nothing, or would turn the feature off for everyone. */
export function tieRefusal(tie: FlagLink, look: FlagLook, groupType: string): Refusal | null {
  for (const { code, says, todo } of lookFindings(tie, look, groupType)) {
    if (code === "missing" || (code === "silent" && tie.rule !== "grant")) return refuse("flag_not_found", `${says} ${todo}`, "flag");
    if (code === "elsewhere") return refuse("flag_group_type", `${says} ${todo}`, "flag");
  }
  return null;
}
