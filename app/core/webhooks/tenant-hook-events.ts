import { isOver } from "~/core/grants/grant-lifetime";
import type { Actor, Grant, Instant, Json, TenantFacts } from "~/core/model";
import { hasPlanMoved } from "~/core/tenants/tenant-events";
import { isoTime } from "~/core/time";
import { type FeatureName, grantData, type HookEvent, type TenantLine, tenantData } from "./hook-event";

/** Who made the change; null if that is no longer known. */
export type HookActor = Pick<Actor, "kind" | "id"> | null;

/** Returns false for changes, such as renames, that produce no event, without reading more. */
export function mayProduceEvents(before: TenantFacts | null, after: TenantFacts): boolean {
  if (before === null) return true;
  const ids = (facts: TenantFacts) => facts.grants.map((g) => g.id).join(" ");
  return before.status !== after.status || hasPlanMoved(before, after) || ids(before) !== ids(after);
}

/** The effect of one change on a tenant. `before`: the tenant until then, or null. `at`: the change's instant. */
export function hookEventsBetween(
  before: TenantFacts | null,
  after: TenantFacts,
  { at, actor, nameOf }: { at: Instant; actor: HookActor; nameOf: FeatureName },
): HookEvent[] {
  const by = actor && { kind: actor.kind, id: actor.id };
  const about = { tenant: tenantData(after), actor: by };
  const event = (type: HookEvent["type"], name: string, data: HookEvent["data"] = {}): HookEvent => ({
    ...{ type, tenant: after.key, about: name, at, data: { ...about, ...data } },
  });
  const events: HookEvent[] = before === null ? [event("tenant.created", "")] : [];
  if (before !== null && before.status !== after.status)
    events.push(event("tenant.status_changed", "", { before: before.status, after: after.status }));
  if (before !== null && hasPlanMoved(before, after))
    events.push(event("tenant.plan_changed", "", { before: planData(before), after: planData(after) }));
  const were = new Map((before?.grants ?? []).map((g) => [g.id, g]));
  const are = new Set(after.grants.map(({ id }) => id));
  const added = after.grants.filter(({ id }) => !were.has(id));
  const extended = new Set(added.flatMap((g) => (g.extends !== null && were.has(g.extends) ? [g.extends] : [])));
  for (const grant of were.values()) {
    // A grant that ended by itself leaves the facts with the next change. `grantEnded` reports it.
    if (are.has(grant.id) || extended.has(grant.id) || isOver(grant, at)) continue;
    events.push(event("grant.ended", grant.id, endedData(grant, at, "ended_early", nameOf)));
  }
  for (const grant of added) {
    const old = grant.extends === null ? undefined : were.get(grant.extends);
    const data = { grant: grantData(grant, nameOf) };
    if (!old) events.push(event("grant.created", grant.id, data));
    else events.push(event("grant.extended", grant.id, { ...data, extends: grantData(old, nameOf) }));
  }
  return events;
}

function planData({ plan, addOns }: TenantFacts): Json {
  return { plan, addOns: addOns.map((a) => a.plan) };
}

function endedData(grant: Grant, at: Instant, why: "ended_early" | "expired", nameOf: FeatureName): HookEvent["data"] {
  return { grant: grantData(grant, nameOf), endedAt: isoTime(at), why };
}

const byTheClock = (tenant: TenantLine) => ({ tenant: tenantData(tenant), actor: null });

/** A grant that reached its end. */
export function grantEnded(tenant: TenantLine, grant: Grant, endedAt: Instant, nameOf: FeatureName): HookEvent {
  const data = { ...byTheClock(tenant), ...endedData(grant, endedAt, "expired", nameOf) };
  return { type: "grant.ended", tenant: tenant.key, about: grant.id, at: endedAt, data };
}

export function grantEndsSoon(tenant: TenantLine, grant: Grant, at: Instant, nameOf: FeatureName): HookEvent {
  const data = { ...byTheClock(tenant), grant: grantData(grant, nameOf) };
  return { type: "grant.ends_soon", tenant: tenant.key, about: grant.id, at, data };
}

/** `at`: when the outcome was known. */
export function grantConverted(tenant: TenantLine, grant: Grant, at: Instant, nameOf: FeatureName): HookEvent {
  const data = { ...byTheClock(tenant), grant: grantData(grant, nameOf) };
  return { type: "grant.converted", tenant: tenant.key, about: grant.id, at, data };
}
