import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Effect, Side } from "~/core/decision/preview";
import type { FlagReading, TenantFacts } from "~/core/model";

/** Tenants per effect. One tenant counts once per effect, however many features are concerned. */
export type Impact = { [E in Effect]: number };

export const noImpact = (): Impact => ({ gains: 0, loses: 0, changes: 0 });

/** Differences between two catalogues that can change decisions. */
export type CatalogueDifference = {
  /** Features whose answer may change for some tenant. */
  features: ReadonlySet<string>;
  /** Features with changed settings. */
  changedFeatures: readonly string[];
  /** Changed features by plan or add-on. */
  changedPlans: ReadonlyMap<string, readonly string[]>;
  /** Add-ons that give one of the features before or after. */
  addOns: string[];
  /** PostHog flags that one of the features is linked to before or after. */
  flags: string[];
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
  const flags = [...features].flatMap((key) => [from, to].flatMap((c) => c.features.get(key)?.flag?.key ?? []));
  return { features, changedFeatures, changedPlans, addOns: addOns.map((p) => p.key), flags: [...new Set(flags)] };
}

function changedEntries(from: Catalogue, to: Catalogue, plan: string): string[] {
  const [before, after] = [from.gives.get(plan), to.gives.get(plan)];
  const isChanged = (feature: string) => {
    const [was, is] = [before?.get(feature)?.value, after?.get(feature)?.value];
    return was !== is && JSON.stringify(was) !== JSON.stringify(is);
  };
  return [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].filter(isChanged);
}

/** For changes of tenants alone. `flags`: all that a feature is linked to. */
export function sameCatalogue(catalogue: Catalogue): CompiledChange {
  const flags = [...catalogue.features.values()].flatMap(({ flag }) => flag?.key ?? []);
  const difference = { features: new Set<string>(), changedFeatures: [], changedPlans: new Map(), addOns: [], flags: [...new Set(flags)] };
  return { from: catalogue, to: catalogue, difference };
}

const plansOf = ({ plan, addOns }: Pick<TenantFacts, "plan" | "addOns">) => [
  ...(plan === null ? [] : [plan]),
  ...addOns.map((a) => a.plan),
];

/** A change of the catalogue, compiled. */
export type CompiledChange = { from: Catalogue; to: Catalogue; difference: CatalogueDifference };

/** The features for which the change of the catalogue can alter this tenant's answer. */
export function concernedFeatures(change: CompiledChange, tenant: Pick<TenantFacts, "plan" | "addOns" | "grants">): Set<string> {
  const { from, to, difference } = change;
  const plans = plansOf(tenant);
  const granted = new Set(tenant.grants.map((grant) => grant.feature));
  // What no plan, grant or flag gives is a no before and after.
  const isGiven = (feature: string) =>
    granted.has(feature) || [from, to].some((c) => c.features.get(feature)?.flag || plans.some((plan) => c.gives.get(plan)?.has(feature)));
  return new Set([...difference.changedFeatures.filter(isGiven), ...plans.flatMap((key) => difference.changedPlans.get(key) ?? [])]);
}

/** The features for which a change of the tenant itself can alter its answer. */
export function ownFeatures(from: Side, to: Side): Set<string> {
  const features = new Set<string>();
  const gives = ({ tenant, catalogue }: Side, feature: string) =>
    plansOf(tenant).map((plan) => catalogue.gives.get(plan)?.get(feature)?.value);
  const given = ({ tenant, catalogue }: Side) => plansOf(tenant).flatMap((plan) => [...(catalogue.gives.get(plan)?.keys() ?? [])]);
  const isStatusChanged = from.tenant.status !== to.tenant.status;
  for (const feature of new Set([...given(from), ...given(to)])) {
    if (isStatusChanged || JSON.stringify(gives(from, feature)) !== JSON.stringify(gives(to, feature))) features.add(feature);
  }
  const [before, after] = [from.tenant.grants, to.tenant.grants];
  for (const grant of [...before, ...after]) {
    if (isStatusChanged || !before.includes(grant) || !after.includes(grant)) features.add(grant.feature);
  }
  if (isStatusChanged) for (const { key, flag } of to.catalogue.features.values()) if (flag) features.add(key);
  return features;
}

/** The last value of each flag for one tenant. */
export type FlagValueMap = ReadonlyMap<string, FlagReading>;

/** The parts of a feature that decisions read, serialized. */
function rulesOf(catalogue: Catalogue, key: string): string | undefined {
  const feature = catalogue.features.get(key);
  return feature && JSON.stringify({ ...feature, name: null, description: null, group: null, askUrl: null, revision: null });
}
