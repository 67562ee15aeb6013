import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import type { Instant, Stamp, TenantFacts, Trial, Value } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { grantTrial, type TrialForm } from "./grant-changes";
import { isOver } from "./grant-lifetime";

export const maxBundleTrials = 300;

export type BundleForm = { plan: string } & Pick<TrialForm, "startsAt" | "endsAt" | "note">;

/** Why a feature of the plan is not part of the bundle. */
export type SkippedFeature = { feature: string; why: "included" | "on_trial" };

/** The features of a plan that a bundle would grant, and those that it skips. */
type BundleFeatures = { features: { feature: string; value: Value }[]; skipped: SkippedFeature[] };

function featuresFor(facts: TenantFacts, { plan, startsAt, endsAt }: BundleForm, catalogue: Catalogue, now: Instant): BundleFeatures {
  const from = startsAt ?? now;
  const found: BundleFeatures = { features: [], skipped: [] };
  const onTrial = new Set<string>();
  for (const trial of facts.grants) {
    const isOverlapping = trial.kind === "trial" && trial.startsAt < endsAt && from < trial.endsAt && !isOver(trial, now);
    if (isOverlapping) onTrial.add(trial.feature);
  }
  for (const [feature, { value }] of catalogue.gives.get(plan) ?? []) {
    const { type, archivedAt } = catalogue.features.get(feature) ?? { archivedAt: now };
    // A limit of 0 gives nothing.
    if (archivedAt !== null || (type === "metered" && value === 0)) continue;
    if (onTrial.has(feature)) found.skipped.push({ feature, why: "on_trial" });
    else found.features.push({ feature, value });
  }
  return found;
}

/** Grants trials of all that a plan gives now and the tenant does not have, as one bundle. */
export function grantBundle(facts: TenantFacts, form: BundleForm, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const { plan: key, ...period } = form;
  const plan = catalogue.plans.get(key);
  if (!plan) return refuse("plan_not_found", `There is no plan ${key}. Choose one that the catalogue has.`, "plan");
  if (plan.archivedAt !== null)
    return refuse("plan_archived", `${plan.name} is archived and cannot be newly given. Choose another plan.`, "plan");
  const { features, skipped } = featuresFor(facts, form, catalogue, stamp.now);
  const outcome = grantTrial(facts, { ...period, features }, catalogue, stamp);
  if (!outcome.ok) return outcome;
  const included = new Set(outcome.change?.alreadyIncluded?.map(({ feature }) => feature));
  for (const feature of included) skipped.push({ feature, why: "included" });
  const trials = ((outcome.change?.grants ?? []) as Trial[]).filter(({ feature }) => !included.has(feature));
  if (!outcome.change || trials.length === 0)
    return refuse(
      "plan_unsuitable",
      `${facts.name} has all that ${plan.name} gives already, by its plan or on trial. Choose another plan.`,
      "plan",
    );
  if (trials.length > maxBundleTrials)
    return refuse(
      "plan_unsuitable",
      `${plan.name} gives ${trials.length} features more, and a bundle has up to ${maxBundleTrials}. Choose a smaller plan.`,
      "plan",
    );
  const { alreadyIncluded: _, ...change } = outcome.change;
  const bundle = { id: stamp.newId("bu"), plan: key };
  return { ok: true, change: { ...change, grants: trials.map((trial) => ({ ...trial, bundle })), skipped } };
}
