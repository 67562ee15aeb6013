import type { Catalogue } from "~/core/catalogue/catalogue";
import { planProblem, type TenantChange } from "~/core/decision/changes";
import type { Grant, Instant, Plan, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { includedValue } from "./already-included";
import { archivedTenant, grantInForce } from "./grant-changes";
import { withBundle } from "./grant-lifetime";
import { followGrants } from "./plan-after";

export type ConversionForm = {
  grant: string;
  /** Defaults to `planToConvertTo`. */
  plan?: string;
  note?: string | null;
};

/** Whether the plan alone, without add-ons and grants, gives the tenant the feature. */
const givesAlone = (facts: TenantFacts, plan: string, feature: string, catalogue: Catalogue, now: Instant): boolean =>
  catalogue.gives.get(plan)?.has(feature) === true && includedValue({ ...facts, plan, addOns: [] }, feature, catalogue, now) !== null;

/** Whether a link to convert a trial of the feature is offered. Leaves out what only the decision function knows. */
export const mayConvert = (plan: string | null, feature: string, catalogue: Catalogue): boolean =>
  (catalogue.offeredIn.get(feature) ?? []).some((offer) => {
    const offered = catalogue.plans.get(offer.plan);
    return offered?.kind === "base" && offered.archivedAt === null && offered.key !== plan;
  });

/** The other plans that give what is on trial, of a bundle all of it, cheapest first. Archived plans cannot be given. */
export function plansToConvertTo(facts: TenantFacts, grant: Grant, catalogue: Catalogue, now: Instant): Plan[] {
  const { feature } = grant;
  const parts = withBundle(facts, grant, now).map((part) => part.feature);
  const offers = (catalogue.offeredIn.get(feature) ?? []).flatMap(({ plan }) => catalogue.plans.get(plan) ?? []);
  return offers.filter(
    ({ key, kind, archivedAt }) =>
      kind === "base" &&
      archivedAt === null &&
      key !== facts.plan &&
      parts.every((part) => catalogue.gives.get(key)?.has(part)) &&
      givesAlone(facts, key, feature, catalogue, now),
  );
}

/** The lowest plan above the tenant's, or the lowest of all; null if no plan gives the feature. */
export function planToConvertTo({ plan }: TenantFacts, plans: readonly Plan[], catalogue: Catalogue): Plan | null {
  const own = plan === null ? undefined : catalogue.plans.get(plan)?.rank;
  return plans.find(({ rank }) => own === undefined || rank > own) ?? plans[0] ?? null;
}

/** Ends a trial and gives the tenant a plan that includes its feature, as one change. */
export function convertTrial(facts: TenantFacts, form: ConversionForm, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const trial = grantInForce(facts, form.grant, stamp.now);
  if ("ok" in trial) return trial;
  if (trial.kind !== "trial") return refuse("value_invalid", "Only a trial converts to a plan. End the override, and change the plan.");
  if (facts.status === "archived") return archivedTenant(facts);
  const { bundle } = trial;
  const name = catalogue.features.get(trial.feature)?.name ?? trial.feature;
  const feature = bundle ? `all of the bundle ${catalogue.plans.get(bundle.plan)?.name ?? bundle.plan}` : name;
  const plans = plansToConvertTo(facts, trial, catalogue, stamp.now);
  const plan = form.plan ?? planToConvertTo(facts, plans, catalogue)?.key;
  if (plan === undefined) return refuse("plan_unsuitable", `No other plan includes ${feature}. Add it to a plan first.`, "plan");
  const bad = planProblem(plan, null, catalogue);
  if (bad) return bad;
  const planName = catalogue.plans.get(plan)?.name ?? plan;
  if (plan === facts.plan)
    return refuse("plan_unsuitable", `${facts.name} is on ${planName} already. Choose another plan, or end the trial.`, "plan");
  if (!plans.some(({ key }) => key === plan))
    return refuse("plan_unsuitable", `${planName} does not include ${feature}. Choose a plan that does.`, "plan");
  const grants = withBundle(facts, trial, stamp.now).map((grant) => ({ ...grant, endedAt: stamp.now }));
  const change: TenantChange = { action: "trial.converted", key: facts.key, set: { plan }, grants, at: stamp.now, why: form.note ?? null };
  return { ok: true, change: followGrants(facts, change) };
}
