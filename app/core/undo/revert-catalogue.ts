import { applyCatalogueChange, type CatalogueAction, type CatalogueChange, incompatibleEntries } from "~/core/catalogue/catalogue-changes";
import type { CatalogueFacts, Feature, Json, Plan } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { listWords } from "~/core/text";
import { revertFeature } from "./revert-feature";
import { revertPlan } from "./revert-plan";
import type { RevertOptions } from "./revert-tenant";
import { createProblems, type PastChange, type Reverted } from "./reverted";

/** Which tenants depend on what the change created. */
export type UseOfCatalogue = {
  /** Tenants with this plan or add-on, after this undo. */
  tenantsHaving: (plan: string) => number;
  /** Whether there are grants of this feature that are not over, after this undo. */
  hasGrants: (feature: string) => boolean;
};

/** Keys of the features and plans that a change created. An undo removes them only if they are unused. */
export function createdIn({ before, after }: Pick<PastChange<CatalogueFacts>, "before" | "after">) {
  const [features, plans] = [new Set(before.features.map((f) => f.key)), new Set(before.plans.map((p) => p.key))];
  const isOfThis = ({ revision }: { revision: number }) => revision === after.revision;
  return {
    features: after.features.filter((f) => isOfThis(f) && !features.has(f.key)).map((f) => f.key),
    plans: after.plans.filter((p) => isOfThis(p) && !plans.has(p.key)).map((p) => p.key),
  };
}

const maxNamed = 3;
const byKey = <T extends { key: string }>(list: readonly T[]) => new Map(list.map((one) => [one.key, one]));

/**
 * The inverse of one change of the catalogue, field by field and entry by entry. A feature that was created is archived,
 * a plan that was created is deleted, if nothing uses it. The result is a valid catalogue.
 */
export function revertCatalogue(
  now: CatalogueFacts,
  past: PastChange<CatalogueFacts>,
  use: UseOfCatalogue,
  { stamp, action, why }: RevertOptions,
): Reverted<CatalogueChange> {
  const { before, after, at } = past;
  const wasFeature = byKey(before.features);
  const wasPlan = byKey(before.plans);
  const changedFeatures = after.features.filter((f) => f.revision === after.revision);
  const changedPlans = after.plans.filter((p) => p.revision === after.revision);
  const removed = before.plans.filter((p) => !after.plans.some(({ key }) => key === p.key));
  // Settings of features whose plans would no longer fit. Each turn adds to them, or is the last.
  const keptSettings = new Map<string, string>();
  for (;;) {
    const problems = createProblems();
    const features = byKey(now.features);
    const plans = byKey(now.plans);
    const common = { at, now: stamp.now, features, plans, problems };
    const setFeatures = new Map<string, Feature>();
    for (const became of changedFeatures) {
      const was = wasFeature.get(became.key);
      const next = was && revertFeature(features.get(became.key), was, became, { stamp, problems, keptSettings });
      if (next) setFeatures.set(next.key, next);
      if (next) features.set(next.key, next);
    }
    const setPlans = new Map<string, Plan>();
    const removedPlans: string[] = [];
    const put = (next: Plan | null) => {
      if (next) setPlans.set(next.key, next);
      if (next) plans.set(next.key, next);
    };
    for (const was of removed) put(revertPlan(plans.get(was.key), was, null, common));
    for (const became of changedPlans) {
      const was = wasPlan.get(became.key);
      if (was) put(revertPlan(plans.get(became.key), was, became, common));
    }
    for (const became of changedPlans) {
      if (wasPlan.has(became.key) || !isUnused(plans, became, use, problems)) continue;
      removedPlans.push(became.key);
      plans.delete(became.key);
    }
    for (const became of changedFeatures) {
      if (wasFeature.has(became.key)) continue;
      const current = features.get(became.key);
      if (current && isUnusedFeature(plans, became, current, use, problems))
        setFeatures.set(became.key, { ...current, archivedAt: stamp.now });
    }
    const unfit = [...setFeatures.values()].find((f) => !keptSettings.has(f.key) && incompatibleEntries([...plans.values()], f).length > 0);
    if (unfit) {
      const names = incompatibleEntries([...plans.values()], unfit).map(({ plan }) => plan.name);
      const named = names.length > maxNamed ? [...names.slice(0, maxNamed), "others"] : names;
      keptSettings.set(unfit.key, `What ${listWords(named)} give of ${unfit.name} would no longer fit its former settings.`);
      continue;
    }
    const touched = { features: [...setFeatures.values()], plans: [...setPlans.values()], removedPlans };
    const isEmpty = touched.features.length + touched.plans.length + removedPlans.length === 0;
    const change = isEmpty ? null : { ...touched, action: action as CatalogueAction, at: stamp.now, why };
    return { change, problems: problems.problems };
  }
}

/** The catalogue after a revert, which tenants are reverted against. */
export const catalogueAfter = (now: CatalogueFacts, change: CatalogueChange | null): CatalogueFacts =>
  change ? applyCatalogueChange(now, change, now.revision) : now;

/** The revision and the changes of the reset period differ after a change that was undone. */
const isAsCreated = (current: Feature | Plan, became: Feature | Plan): boolean => {
  const [is, was] = [current, became].map((one) => ({ ...one, revision: 0, periodChanges: null }) as unknown as Json);
  return sameJson(is, was);
};

type ProblemsOf = ReturnType<typeof createProblems>;

/** Whether a plan that the change created can be deleted. */
function isUnused(plans: ReadonlyMap<string, Plan>, became: Plan, use: UseOfCatalogue, problems: ProblemsOf): boolean {
  const { key } = became;
  const field = `plans/${key}`;
  const current = plans.get(key);
  if (!current) {
    problems.settle(field, `${became.name} is deleted already.`);
    return false;
  }
  if (!isAsCreated(current, became)) {
    problems.refuseChanged(field, `${current.name} was changed since it was created`);
    return false;
  }
  const tenants = use.tenantsHaving(key);
  const including = [...plans.values()].filter((p) => p.includes === key).map((p) => p.name);
  if (tenants > 0) {
    const who =
      tenants === 1 ? "1 tenant has, or is scheduled to get," : `${tenants.toLocaleString("en")} tenants have, or are scheduled to get,`;
    problems.refuse(field, `${who} ${current.name}, so it cannot be deleted.`);
  } else if (including.length > 0) {
    const verb = including.length === 1 ? "includes" : "include";
    problems.refuse(field, `${listWords(including.slice(0, maxNamed))} ${verb} ${current.name}, so it cannot be deleted.`);
  }
  return tenants === 0 && including.length === 0;
}

/** Whether a feature that the change created can be archived. */
function isUnusedFeature(
  plans: ReadonlyMap<string, Plan>,
  became: Feature,
  current: Feature,
  use: UseOfCatalogue,
  problems: ProblemsOf,
): boolean {
  const field = `features/${became.key}`;
  const giving = [...plans.values()].filter((p) => p.entries.some((e) => e.feature === became.key)).map((p) => p.name);
  if (current.archivedAt !== null) problems.settle(field, `${current.name} is archived already.`);
  else if (!isAsCreated(current, became)) problems.refuseChanged(field, `${current.name} was changed since it was created`);
  else if (giving.length > 0) {
    const named = giving.length > maxNamed ? [...giving.slice(0, maxNamed), "others"] : giving;
    problems.refuse(field, `${listWords(named)} ${giving.length === 1 ? "has" : "have"} ${current.name}, so it stays.`);
  } else if (use.hasGrants(became.key)) problems.refuse(field, `There are grants of ${current.name}, so it stays. End them first.`);
  else return true;
  return false;
}
