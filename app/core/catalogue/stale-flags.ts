import type { Feature, FlagLink, Instant, Json } from "~/core/model";
import { type FlagFilters, variantsOf } from "~/core/posthog/flag-filters";
import { day } from "~/core/time";
import type { Catalogue } from "./catalogue";
import { type FlagLook, type LinkFinding, linkFindings } from "./feature-flags";

/** The parts of PostHog's flag list used here. */
export type FlagInfo = { id: number; key: string; active: boolean; createdAt: Instant | null; updatedAt: Instant | null; filters: Json };

export type Finding = {
  code: "inactive" | "everyone" | "never_asked" | "in_every_plan" | LinkFinding["code"];
  says: string;
  todo: string;
};

const month = 30 * day;

export type StaleFlagInput = {
  feature: Feature & { flag: FlagLink };
  /** Null if PostHog has no such flag. Undefined if its list cannot be read, so nothing is reported. */
  flag: FlagInfo | null | undefined;
  /** From its definition, if there is one. */
  look: FlagLook;
  groupType: string;
  catalogue: Catalogue;
  /** Checks in the last 30 days that returned it. */
  asked: number;
  /** True if it was linked for 30 days; younger links may not be in use yet. */
  isOld: boolean;
  now: Instant;
};

/** Links that are no longer useful, each with what to do. */
export function flagFindings({ feature, flag, look, groupType, catalogue, asked, isOld, now }: StaleFlagInput): Finding[] {
  const found: Finding[] = linkFindings(feature, flag === null ? { is: "missing" } : look, groupType);
  const add = (code: Finding["code"], says: string, todo: string) => found.push({ code, says, todo });
  const { rule } = feature.flag;
  if (flag && !flag.active) {
    const effect = rule === "grant" ? "so it adds nothing" : "so it switches the feature off for everybody";
    add("inactive", `The flag is inactive, ${effect}.`, "Switch it on in PostHog, or take the tie off the feature.");
  }
  if (flag?.active && isForEveryone(flag.filters) && flag.updatedAt !== null && now - flag.updatedAt > month) {
    const todo =
      rule === "gate"
        ? "The gate has opened for all: take the tie off."
        : "Put the feature into the plans that it belongs to, then take the tie off.";
    add("everyone", "The flag has been rolled out to everyone for over 30 days.", todo);
  }
  if (asked === 0 && isOld)
    add("never_asked", "Nobody has asked for this feature for 30 days.", "If no app uses it any more, archive the feature and the flag.");
  // The flag may still give a better value or limit.
  if (rule !== "gate" && feature.type === "boolean" && isInEveryPlan(feature.key, catalogue)) {
    const todo = rule === "both" ? "Let it gate only, or take the tie off." : "Take the tie off.";
    add("in_every_plan", "Every plan gives this feature, so the flag can add nothing.", todo);
  }
  return found;
}

/**
 * True if some condition has no properties and 100 % rollout. Different values for different people are a running
 * experiment.
 */
function isForEveryone(filters: Json): boolean {
  const known = (filters ?? {}) as FlagFilters;
  if (variantsOf(known).length > 1) return false;
  return (known.groups ?? []).some((c) => (c.properties ?? []).length === 0 && (c.rollout_percentage ?? 100) === 100);
}

function isInEveryPlan(feature: string, catalogue: Catalogue): boolean {
  const plans = [...catalogue.plans.values()].filter((p) => p.kind === "base" && p.archivedAt === null);
  return plans.length > 0 && plans.every((p) => catalogue.gives.get(p.key)?.has(feature));
}
