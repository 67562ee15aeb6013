import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { isBetterValue, isHigherLimit, isLimit } from "~/core/decision/values";
import type { CatalogueFacts, Feature, Plan, Value } from "~/core/model";
import { sameJson } from "~/core/same-json";

/** Plans and add-ons that no longer give a feature, or give less of it. Links to flags are not looked at. */
export function plansThatLose(before: CatalogueFacts, after: CatalogueFacts): string[] {
  const changed = changedPlans(before, after);
  if (changed.size === 0) return [];
  const [from, to] = [compileSome(before, changed), compileSome(after, changed)];
  return [...changed].filter((plan) => loses(from, to, plan));
}

function loses(from: Catalogue, to: Catalogue, plan: string): boolean {
  const given = to.gives.get(plan);
  for (const [key, { value }] of from.gives.get(plan) ?? []) {
    if (from.features.get(key)?.archivedAt !== null) continue;
    const feature = to.features.get(key);
    const now = given?.get(key)?.value;
    if (!feature || feature.archivedAt !== null || now === undefined || isLess(feature, now, value)) return true;
  }
  return false;
}

/** Values without an order count as less if they differ. */
function isLess(feature: Feature, now: Value, before: Value): boolean {
  if (sameJson(now, before)) return false;
  if (feature.type === "metered") return isLimit(now) && isLimit(before) && isHigherLimit(before, now);
  return feature.type === "config" && !isBetterValue(feature.config, now, before);
}

/** Plans with other entries or another included plan, plans that give a changed feature, and all plans that include one of them. */
function changedPlans(before: CatalogueFacts, after: CatalogueFacts): Set<string> {
  const was = new Map(before.plans.map((plan) => [plan.key, plan]));
  const features = new Map(before.features.map((feature) => [feature.key, feature]));
  const archived = new Set(
    after.features.filter((f) => f.archivedAt !== null && features.get(f.key)?.archivedAt === null).map((f) => f.key),
  );
  const isChanged = (plan: Plan) => {
    const old = was.get(plan.key);
    if (!old) return false;
    return plan.includes !== old.includes || !sameJson(plan.entries, old.entries) || plan.entries.some((e) => archived.has(e.feature));
  };
  const changed = new Set(after.plans.filter(isChanged).map(({ key }) => key));
  for (let size = -1; changed.size > 0 && size !== changed.size; ) {
    size = changed.size;
    for (const { key, includes } of after.plans) if (includes !== null && changed.has(includes)) changed.add(key);
  }
  return changed;
}

/** These plans and those that they include. */
function compileSome(facts: CatalogueFacts, keys: ReadonlySet<string>): Catalogue {
  const plans = new Map(facts.plans.map((plan) => [plan.key, plan]));
  const some = new Set<string>();
  for (const key of keys)
    for (let at: string | null = key; at !== null && !some.has(at); at = plans.get(at)?.includes ?? null) some.add(at);
  return compileCatalogue({ ...facts, plans: facts.plans.filter(({ key }) => some.has(key)) });
}
