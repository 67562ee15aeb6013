import { describeValue } from "~/core/catalogue/catalogue-words";
import { packChoices } from "~/core/catalogue/choices";
import { byGroupAndName } from "~/core/decision/answer-row";
import { applyChange, putTenant, type TenantChange } from "~/core/decision/changes";
import type { Decision } from "~/core/decision/decide";
import { affectedFeatures, type Effect } from "~/core/decision/preview";
import { countedChecks, usedWithinMs } from "~/core/impact/tenant-effects";
import type { Plan } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { isoDay } from "~/core/time";
import { actorOf } from "~/server/admins/sessions.server";
import type { Services } from "~/server/services.server";
import { readCheckSums } from "~db/store/impacts.server";
import type { TenantRequest } from "./tenants.server";

/** Plans this tenant, or a new one, can get, packed. Archived ones only if it has them already. */
export function planChoices(catalogue: TenantRequest["catalogue"], held: readonly string[] = []) {
  const open = [...catalogue.plans.values()].filter((p) => p.archivedAt === null || held.includes(p.key));
  const label = ({ name, archivedAt }: Plan) => (archivedAt === null ? name : `${name} (archived)`);
  const of = (kind: Plan["kind"]) => open.filter((plan) => plan.kind === kind);
  return {
    plans: packChoices(of("base").map((plan) => ({ key: plan.key, name: label(plan) }))),
    addOns: of("add_on").map((plan) => ({ key: plan.key, name: label(plan), description: plan.description })),
  };
}

export const currentPlans = ({ facts }: Pick<TenantRequest, "facts">) => [
  ...(facts.plan === null ? [] : [facts.plan]),
  ...facts.addOns.map((a) => a.plan),
];

/** `checks`: in 30 days. `over`: what was used in the current period, if it is more than the limit will be, or null. */
export type AffectedRow = {
  key: string;
  name: string;
  group: string | null;
  before: string | null;
  after: string | null;
  checks: number;
  over: number | null;
};
export type ChangedAnswers = { [E in Effect]: AffectedRow[] };
export type PlanPreview = { isChange: boolean } & ChangedAnswers;

/** What the tenant would gain and lose; for a suspended tenant, once it is reinstated. */
export async function planPreview(
  services: Services,
  tenant: TenantRequest,
  form: { plan: string | null; addOns: string[] },
): Promise<PlanPreview | Refusal> {
  const { facts, catalogue, now, admin } = tenant;
  const outcome = putTenant(facts, facts.key, form, catalogue, { now, actor: actorOf(admin), newId: services.newId });
  if (!outcome.ok) return outcome;
  return { isChange: outcome.change !== null, ...(await answersChangedBy(services, tenant, outcome.change)) };
}

/** The answers that a change of the tenant changes; for a suspended tenant, once it is reinstated. The most used come first. */
export async function answersChangedBy(
  { db }: Pick<Services, "db">,
  { facts, catalogue, now, readings }: TenantRequest,
  change: TenantChange | null,
): Promise<ChangedAnswers> {
  const preview: ChangedAnswers = { gains: [], loses: [], changes: [] };
  if (!change) return preview;
  const before = { tenant: { ...facts, status: "active" as const }, catalogue };
  const after = { tenant: applyChange(before.tenant, change, facts.revision), catalogue };
  const changed = affectedFeatures(before, after, now, readings);
  const asked = { tenants: [facts.key], features: changed.map(({ feature }) => feature), since: isoDay(now - usedWithinMs) };
  const checks = (await readCheckSums(db.readAside, db.tables, asked)).get(facts.key);
  for (const affected of changed) {
    const feature = catalogue.features.get(affected.feature);
    if (!feature) continue;
    const gives = ({ value, amount }: Decision) =>
      amount ? describeValue(feature, amount.limit) : value === undefined ? null : describeValue(feature, value);
    preview[affected.effect].push({
      key: feature.key,
      name: feature.name,
      group: feature.group,
      before: gives(affected.before),
      after: gives(affected.after),
      checks: countedChecks(affected.effect, checks?.get(feature.key)),
      over: overLimit(affected.after),
    });
  }
  for (const rows of Object.values(preview)) rows.sort((a, b) => b.checks - a.checks || byGroupAndName(a, b));
  return preview;
}

function overLimit({ amount }: Decision): number | null {
  return amount?.used !== undefined && amount.limit !== "unlimited" && amount.used > amount.limit ? amount.used : null;
}
