import type { Actor, Instant, ScheduledFields, TenantFacts, TenantStatus } from "~/core/model";
import { refuse } from "~/core/outcome";
import { cancelScheduled, moveScheduled, scheduleChange } from "~/core/schedules/schedule-changes";
import { changeTenant, type TenantChangeResult } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { changeEdited, planFields, type Saved } from "~/server/tenants/tenant-edits.server";

const gone = (key: string) => refuse("tenant_not_found", `There is no tenant ${key} any more.`);

/** What a form of the whole plan changes of a tenant: only that is scheduled, so that other changes until then stay. */
function differenceTo(facts: TenantFacts, wanted: { plan: string | null; addOns: string[] }): ScheduledFields {
  const held = facts.addOns.map(({ plan }) => plan);
  const add = wanted.addOns.filter((key) => !held.includes(key));
  const remove = held.filter((key) => !wanted.addOns.includes(key));
  return {
    ...(wanted.plan === facts.plan ? {} : { plan: wanted.plan }),
    ...(add.length + remove.length === 0 ? {} : { addOns: { add, remove } }),
  };
}

type When = { at: Instant; note?: string };

/** `expected`: the revision that the form showed. The difference to another plan would not be what was chosen. */
export const schedulePlan = (
  services: Services,
  actor: Actor,
  key: string,
  { at, note, expected, ...wanted }: When & { plan: string | null; addOns: string[]; expected: number },
): Promise<Saved> =>
  changeEdited(services, actor, key, { expected, fields: planFields }, (facts, catalogue, stamp) =>
    scheduleChange(facts, { at, note, ...differenceTo(facts, wanted) }, catalogue, stamp),
  );

export const scheduleStatus = (
  services: Services,
  actor: Actor,
  key: string,
  form: When & { status: TenantStatus },
): Promise<TenantChangeResult> =>
  changeTenant(services, key, actor, (facts, catalogue, stamp) => (facts ? scheduleChange(facts, form, catalogue, stamp) : gone(key)));

export const moveChange = (services: Services, actor: Actor, key: string, form: When & { id: string }): Promise<TenantChangeResult> =>
  changeTenant(services, key, actor, (facts, catalogue, stamp) => (facts ? moveScheduled(facts, form, catalogue, stamp) : gone(key)));

export const cancelChange = (
  services: Services,
  actor: Actor,
  key: string,
  form: { id: string; note?: string },
): Promise<TenantChangeResult> =>
  changeTenant(services, key, actor, (facts, _catalogue, stamp) => (facts ? cancelScheduled(facts, form, stamp) : gone(key)));
