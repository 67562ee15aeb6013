import type { Catalogue } from "./catalogue";
import { decide } from "./decide";
import type { Instant, TenantFacts } from "./model";
import { type Effect, effectOf } from "./preview";

/** Tenants per effect. One tenant counts once per effect, however many features are concerned. */
export type Impact = { [E in Effect]: number };

export const noImpact = (): Impact => ({ gains: 0, loses: 0, changes: 0 });

/** The differences between two catalogues that can change a decision. */
export type CatalogueDifference = {
  /** Features for which the answer of some tenant may change. */
  features: ReadonlySet<string>;
  /** Features whose own settings differ. */
  changedFeatures: readonly string[];
  /** By plan or add-on: the features whose value it changes. */
  changedPlans: ReadonlyMap<string, readonly string[]>;
  /** Add-ons that give one of the features before or after. */
  addOns: string[];
};

export function catalogueDifference(from: Catalogue, to: Catalogue): CatalogueDifference {
  const plans = new Map([...from.plans, ...to.plans]);
  const every = new Set([...from.features.keys(), ...to.features.keys()]);
  const changedFeatures = [...every].filter(
    (key) => from.features.get(key) !== to.features.get(key) && rulesOf(from, key) !== rulesOf(to, key),
  );
  const changedPlans = new Map<string, string[]>();
  for (const plan of plans.keys()) {
    const changed = changedEntries(from, to, plan);
    if (changed.length > 0) changedPlans.set(plan, changed);
  }
  const features = new Set([...changedFeatures, ...[...changedPlans.values()].flat()]);
  const gives = (c: Catalogue, plan: string) => [...(c.gives.get(plan)?.keys() ?? [])].some((feature) => features.has(feature));
  const addOns = [...plans.values()].filter((p) => p.kind === "add_on" && (gives(from, p.key) || gives(to, p.key)));
  return { features, changedFeatures, changedPlans, addOns: addOns.map((p) => p.key) };
}

function changedEntries(from: Catalogue, to: Catalogue, plan: string): string[] {
  const [before, after] = [from.gives.get(plan), to.gives.get(plan)];
  const isChanged = (feature: string) => {
    const [was, is] = [before?.get(feature)?.value, after?.get(feature)?.value];
    return was !== is && JSON.stringify(was) !== JSON.stringify(is);
  };
  return [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].filter(isChanged);
}

/** The features for which the change can alter this tenant's answer. */
export function concernedFeatures(d: CatalogueDifference, { plan, addOns }: Pick<TenantFacts, "plan" | "addOns">): Set<string> {
  const held = [plan, ...addOns.map((a) => a.plan)];
  return new Set([...d.changedFeatures, ...held.flatMap((key) => (key === null ? [] : (d.changedPlans.get(key) ?? [])))]);
}

/** The effects that the change has on one tenant, over all of these features. */
export function effectsOn(tenant: TenantFacts, from: Catalogue, to: Catalogue, features: Iterable<string>, now: Instant): Set<Effect> {
  const effects = new Set<Effect>();
  for (const feature of features) {
    const effect = effectOf(decide({ tenant, catalogue: from, feature, now }), decide({ tenant, catalogue: to, feature, now }));
    if (effect) effects.add(effect);
    if (effects.size === 3) break;
  }
  return effects;
}

/** The parts of a feature that a decision reads, serialized. */
function rulesOf(catalogue: Catalogue, key: string): string | undefined {
  const feature = catalogue.features.get(key);
  return feature && JSON.stringify({ ...feature, name: null, description: null, group: null, revision: null });
}
