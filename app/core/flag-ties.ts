import { type Audience, type FlagFilters, payloadOf, variantsOf } from "./flag-filters";
import type { Feature, FlagTie, Value } from "./model";
import { type Refusal, refuse } from "./outcome";
import { valueProblem } from "./values";

/**
 * What PostHog knows of a flag. `silent`: it says nothing of it, so there is none or it is inactive. `unknown`: it cannot be asked.
 * `filters` null: all that is known is whom it is about.
 */
export type FlagLook =
  | { is: "found"; active: boolean; audience: Audience | undefined; filters: FlagFilters | null }
  | { is: "missing" | "silent" | "unknown" };

export type TieFinding = {
  code: "missing" | "silent" | "elsewhere" | "persons" | "mixed" | "payload" | "no_value";
  says: string;
  todo: string;
};

type Tied = Feature & { flag: FlagTie };

/** What is wrong with tying this feature to that flag, or has to be known. `groupType`: what PostHog calls tenants. */
export const tieFindings = (feature: Tied, look: FlagLook, groupType: string): TieFinding[] => [
  ...lookFindings(feature.flag, look, groupType),
  ...(look.is === "found" && look.filters ? valueFindings(feature, look.filters) : []),
];

function lookFindings({ key, rule }: FlagTie, look: FlagLook, groupType: string): TieFinding[] {
  const found: TieFinding[] = [];
  const add = (code: TieFinding["code"], says: string, todo: string) => void found.push({ code, says, todo });
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
    add(
      "mixed",
      `The flag ${key} is about tenants and about persons.`,
      "Checks that name no user are told what it says of the tenant alone.",
    );
  return found;
}

/** The first value that does not fit: one sentence is enough to look at the flag. */
function valueFindings(feature: Tied, filters: FlagFilters): TieFinding[] {
  const unfit = valuesOf(feature, filters).find((value) => valueProblem(feature, value) !== null);
  if (valuesOf(feature, filters).every((value) => valueProblem(feature, value) === null)) return [];
  const { key } = feature.flag;
  const gives = unfit === undefined ? `The flag ${key} has no payload` : `The flag ${key} gives ${JSON.stringify(unfit)}`;
  const says = `${gives}, and ${feature.name} ${valueProblem(feature, unfit)}.`;
  return [{ code: unfit === undefined ? "no_value" : "payload", says, todo: "Give it a payload that fits, in PostHog." }];
}

/** What a yes of the flag may come with: for each variant that somebody gets. A gate gives nothing. */
function valuesOf(feature: Tied, filters: FlagFilters): (Value | undefined)[] {
  if (feature.type === "boolean" || feature.flag.rule === "gate") return [];
  const variants = variantsOf(filters);
  if (variants.length === 0) return [payloadOf(filters)];
  const isText = feature.type === "config" && feature.config.kind === "text";
  return variants.map((variant) => payloadOf(filters, variant) ?? (isText ? variant : undefined));
}

/** Such a tie is not made: it could do nothing, or switch the feature off for everybody. */
export function tieRefusal(tie: FlagTie, look: FlagLook, groupType: string): Refusal | null {
  for (const { code, says, todo } of lookFindings(tie, look, groupType)) {
    if (code === "missing" || (code === "silent" && tie.rule !== "grant")) return refuse("flag_not_found", `${says} ${todo}`, "flag");
    if (code === "elsewhere") return refuse("flag_group_type", `${says} ${todo}`, "flag");
  }
  return null;
}
