import type { CatalogueFacts, Feature, Plan, Value } from "~/core/model";

/** A plan's value of a feature, and the plan (itself or an included one) it comes from. */
export type Inherited = { value: Value; from: string };

/** The catalogue compiled for decisions: lookups in maps, includes resolved. */
export type Catalogue = {
  revision: number;
  features: Map<string, Feature>;
  plans: Map<string, Plan>;
  /** plan key → feature key → value, own entries before inherited ones. */
  gives: Map<string, Map<string, Inherited>>;
  /** feature key → plans that can be newly given, by rank. */
  offeredIn: Map<string, { plan: string; value: Value }[]>;
};

/** Follows `includes` from the plan. A cycle is refused on writing; here it ends the walk. */
export function planChain(plans: ReadonlyMap<string, Plan>, key: string): Plan[] {
  const chain: Plan[] = [];
  const visited = new Set<string>();
  for (let at: string | null = key; at !== null && !visited.has(at); ) {
    visited.add(at);
    const plan = plans.get(at);
    if (!plan) break;
    chain.push(plan);
    at = plan.includes;
  }
  return chain;
}

/** Reuses the result of the included plan, so that a long chain of plans is walked once. */
function givenBy(plans: ReadonlyMap<string, Plan>, gives: Catalogue["gives"], key: string): Map<string, Inherited> {
  const chain: Plan[] = [];
  const visited = new Set<string>();
  for (let at: string | null = key; at !== null && !gives.has(at) && !visited.has(at); ) {
    visited.add(at);
    const plan = plans.get(at);
    if (!plan) break;
    chain.push(plan);
    at = plan.includes;
  }
  const isCircle = visited.has(chain.at(-1)?.includes ?? "");
  if (isCircle) {
    const given = giveEach(chain);
    gives.set(key, given);
    return given;
  }
  for (const plan of chain.reverse()) {
    const given = new Map(plan.entries.map(({ feature, value }): [string, Inherited] => [feature, { value, from: plan.key }]));
    for (const [feature, inherited] of gives.get(plan.includes ?? "") ?? []) if (!given.has(feature)) given.set(feature, inherited);
    gives.set(plan.key, given);
  }
  return gives.get(key) ?? new Map();
}

/** Values of a chain of plans, nearest first. */
function giveEach(chain: readonly Plan[]): Map<string, Inherited> {
  const given = new Map<string, Inherited>();
  for (const { key, entries } of chain) {
    for (const { feature, value } of entries) if (!given.has(feature)) given.set(feature, { value, from: key });
  }
  return given;
}

export function compileCatalogue(facts: CatalogueFacts): Catalogue {
  const features = new Map(facts.features.map((f) => [f.key, f]));
  const plans = new Map(facts.plans.map((p) => [p.key, p]));
  const gives = new Map<string, Map<string, Inherited>>();
  const offeredIn: Catalogue["offeredIn"] = new Map();
  for (const plan of facts.plans) {
    const given = givenBy(plans, gives, plan.key);
    if (plan.archivedAt !== null) continue;
    for (const [feature, { value }] of given) {
      const offers = offeredIn.get(feature);
      if (offers) offers.push({ plan: plan.key, value });
      else offeredIn.set(feature, [{ plan: plan.key, value }]);
    }
  }
  return { revision: facts.revision, features, plans, gives, offeredIn };
}
