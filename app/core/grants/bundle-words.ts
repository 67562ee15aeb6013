import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import { listWordsUpTo } from "~/core/text";
import type { SkippedFeature } from "./bundles";
import { changeAfter } from "./plan-after";

type Names = Pick<Catalogue, "features" | "plans">;

/** "the bundle Premium (2 features)". */
export const bundleName = ({ plans }: Names, plan: string, features: number): string =>
  `the bundle ${plans.get(plan)?.name ?? plan} (${features} ${features === 1 ? "feature" : "features"})`;

/** "Bundle Premium", or the feature's name. `plan`: the bundle's, or null. */
export const grantedName = ({ features, plans }: Names, feature: string, plan: string | null): string =>
  plan === null ? (features.get(feature)?.name ?? feature) : `Bundle ${plans.get(plan)?.name ?? plan}`;

/** Which features of the plan a bundle leaves out and why, with up to `maxNamed` names each. */
export function skippedSentences({ features }: Names, skipped: readonly SkippedFeature[], maxNamed: number): string[] {
  const named = (why: SkippedFeature["why"]) =>
    listWordsUpTo(
      skipped.filter((one) => one.why === why).map(({ feature }) => features.get(feature)?.name ?? feature),
      maxNamed,
    );
  const [included, onTrial] = [named("included"), named("on_trial")];
  return [
    ...(included === "" ? [] : [`Left out, because its plan or an add-on gives as much already: ${included}.`]),
    ...(onTrial === "" ? [] : [`Left out, because they are on trial in that time: ${onTrial}.`]),
  ];
}

/** "At the end it moves to Business.", or nothing: what the change schedules for the end of its trials. */
export function planAfterSentences({ plans }: Names, { set, grants }: Pick<TenantChange, "set" | "grants">): string[] {
  const plan = changeAfter(set.scheduled, grants)?.plan;
  return plan == null ? [] : [`At the end it moves to ${plans.get(plan)?.name ?? plan}.`];
}
