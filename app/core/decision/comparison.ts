import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Feature, Instant, Limit, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { fillOf, noFill } from "~/core/usage/limit-fill";
import { listedFeatures, type Readings, readingsOf } from "./answer";
import { type Decision, decide } from "./decide";

/** `answer`: another yes, value or limit. `source`: the same answer from another source. */
export const differences = ["answer", "source", "none"] as const;
export type AnswerDifference = (typeof differences)[number];

export type ComparedTenant = { facts: TenantFacts; readings: Readings };
/** `decisions` are in the order of the tenants. */
export type ComparedFeature = { feature: Feature; difference: AnswerDifference; decisions: Decision[] };

/**
 * Each active feature of several tenants, those that differ most first, then by key. Tenants that are not active are
 * compared by what they would have if they were.
 */
export function compareFeatures(tenants: readonly ComparedTenant[], catalogue: Catalogue, now: Instant): ComparedFeature[] {
  const worlds = tenants.map(({ facts, readings }) => ({ tenant: { ...facts, status: "active" as const }, readings }));
  const compared = listedFeatures(catalogue).map((key): ComparedFeature => {
    const feature = catalogue.features.get(key) as Feature;
    const decisions = worlds.map(({ tenant, readings }) =>
      decide({ tenant, catalogue, feature: key, now, ...readingsOf(readings, feature) }),
    );
    return { feature, difference: differenceOf(decisions), decisions };
  });
  return compared.sort((a, b) => rankOf(a) - rankOf(b) || (a.feature.key < b.feature.key ? -1 : 1));
}

export const rankOf = ({ difference }: Pick<ComparedFeature, "difference">): number => differences.indexOf(difference);

function differenceOf(decisions: readonly Decision[]): AnswerDifference {
  const [first, ...others] = decisions;
  if (!first) return "none";
  const givenBy = ({ entitled, value, amount }: Decision) => ({ entitled, value: value ?? null, limit: amount?.limit ?? null });
  if (!others.every((other) => sameJson(givenBy(first), givenBy(other)))) return "answer";
  return others.every(({ source }) => source === first.source) ? "none" : "source";
}

/** Use of a metered feature. `limit`: null if the tenant does not have it. `used`: null if it is not known. */
export type ComparedUse = { used: number | null; limit: Limit | null; fill: number };

export function comparedUseOf({ amount, consumption }: Decision): ComparedUse {
  const used = (amount ?? consumption)?.used ?? null;
  const limit = amount?.limit ?? null;
  return { used, limit, fill: used === null ? noFill : fillOf(used, limit) };
}

/** Metered features that one of the tenants used, the fullest limit first. */
export function comparedUse(compared: readonly ComparedFeature[]): { feature: Feature & { type: "metered" }; uses: ComparedUse[] }[] {
  const used = compared.flatMap(({ feature, decisions }) => {
    const uses = decisions.map(comparedUseOf);
    return feature.type === "metered" && uses.some((use) => use.used) ? [{ feature, uses }] : [];
  });
  const fullest = ({ uses }: (typeof used)[number]) => Math.max(...uses.map(({ fill }) => fill));
  return used.sort((a, b) => fullest(b) - fullest(a) || (a.feature.key < b.feature.key ? -1 : 1));
}
