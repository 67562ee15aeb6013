import type { UndoneTenant } from "./undo-change-set";

/** By how much an undo changes the use of what the act created. `grants`: how many of a feature it ends. */
export type UseChange = { plans: { [plan: string]: number }; grants: { [feature: string]: number } };

type Created = { plans: readonly string[]; features: readonly string[] };

/** Adds the tenants of one batch. */
export function addUse({ plans, grants }: UseChange, undone: readonly UndoneTenant[], created: Created): UseChange {
  const [ofPlan, ofFeature] = [new Map(Object.entries(plans)), new Map(Object.entries(grants))];
  const add = (counts: Map<string, number>, keys: readonly string[], key: string | null | undefined, n: number) => {
    if (key != null && keys.includes(key)) counts.set(key, (counts.get(key) ?? 0) + n);
  };
  for (const { before, change } of undone) {
    if (!before || !change) continue;
    for (const { feature, endedAt } of change.grants) if (endedAt !== null) add(ofFeature, created.features, feature, 1);
    if (change.set.plan !== undefined) {
      add(ofPlan, created.plans, before.plan, -1);
      add(ofPlan, created.plans, change.set.plan, 1);
    }
    if (!change.set.addOns) continue;
    for (const { plan } of before.addOns) add(ofPlan, created.plans, plan, -1);
    for (const { plan } of change.set.addOns) add(ofPlan, created.plans, plan, 1);
  }
  return { plans: Object.fromEntries(ofPlan), grants: Object.fromEntries(ofFeature) };
}
