import { describeValue } from "~/core/catalogue/catalogue-words";
import { staleTenant } from "~/core/decision/changes";
import { convertTrial, plansToConvertTo, planToConvertTo } from "~/core/grants/convert-trial";
import type { Actor, Grant } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { actorOf } from "~/server/admins/sessions.server";
import type { Services } from "~/server/services.server";
import { answersChangedBy, type ChangedAnswers } from "~/server/tenants/tenant-plan.server";
import type { TenantRequest } from "~/server/tenants/tenants.server";
import { changeGrants, type GrantsChanged } from "./grant-changes.server";

/** Plans that the page offers. Others are given on the page of the plan. */
const maxOffered = 50;

/** `gives`: the plan's value of the trial's feature, or null. `features`: how many the plan has. */
export type OfferedPlan = { key: string; name: string; gives: string | null; features: number };

export type ConversionPreview = {
  plans: OfferedPlan[];
  /** The plan that is previewed; null if no plan gives the feature. */
  plan: { key: string; name: string } | null;
  preview: ChangedAnswers | Refusal | null;
};

/** What a conversion to a plan would change, and the plans that the trial may convert to. */
export async function conversionPreview(
  services: Services,
  tenant: TenantRequest,
  grant: Grant,
  wanted: string | null,
): Promise<ConversionPreview> {
  const { facts, catalogue, now, admin } = tenant;
  const plans = plansToConvertTo(facts, grant, catalogue, now);
  const feature = catalogue.features.get(grant.feature);
  const key = wanted ?? planToConvertTo(facts, plans, catalogue)?.key ?? null;
  const chosen = key === null ? null : { key, name: catalogue.plans.get(key)?.name ?? key };
  const first = plans.filter(({ key }, i) => i < maxOffered || key === chosen?.key);
  const offered = first.map(({ key, name }) => {
    const given = catalogue.gives.get(key);
    const value = feature?.type === "boolean" ? undefined : given?.get(grant.feature)?.value;
    return { key, name, gives: value === undefined ? null : describeValue(feature, value), features: given?.size ?? 0 };
  });
  if (!chosen) return { plans: offered, plan: null, preview: null };
  const stamp = { now, actor: actorOf(admin), newId: services.newId };
  const outcome = convertTrial(facts, { grant: grant.id, plan: chosen.key }, catalogue, stamp);
  const preview = outcome.ok ? await answersChangedBy(services, tenant, outcome.change) : outcome;
  return { plans: offered, plan: chosen, preview };
}

/** `expected`: the tenant's revision that the preview showed. */
export const convert = (
  services: Services,
  actor: Actor,
  key: string,
  { expected, ...form }: { grant: string; plan: string; expected: number; note?: string },
): Promise<GrantsChanged> =>
  changeGrants(
    services,
    actor,
    key,
    (facts, catalogue, stamp) => staleTenant(facts, expected) ?? convertTrial(facts, form, catalogue, stamp),
  );
