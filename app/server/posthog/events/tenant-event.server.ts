import type { Actor, Instant, TenantFacts } from "~/core/model";
import type { TenantEvent } from "~/core/tenants/tenant-events";
import { isoTime } from "~/core/time";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { eventId } from "./event-id.server";
import type { BatchEvent } from "./send-batch.server";

type Where = { tenant: string; at: Instant; seq: number; actor: Pick<Actor, "kind" | "id" | "request"> | null };

/** Builds the event. The same event always has the same id. */
export function tenantEvent(
  { projectKey, groupType, disableGeoip }: PosthogSettings,
  { event, about, properties }: TenantEvent,
  { tenant, at, seq, actor }: Where,
): BatchEvent {
  const isPerson = actor?.kind === "admin";
  return {
    event,
    distinct_id: isPerson ? actor.id : actor ? `latchkey_${actor.kind}_${actor.id}` : `$${groupType}_${tenant}`,
    uuid: eventId(projectKey, event, tenant, about, seq),
    timestamp: isoTime(at),
    properties: {
      ...actor?.request,
      ...properties,
      tenant,
      actor_kind: actor?.kind ?? "clock",
      $groups: { [groupType]: tenant },
      $lib: "latchkey",
      ...(isPerson ? {} : { $process_person_profile: false }),
      ...(disableGeoip ? { $geoip_disable: true } : {}),
    },
  };
}

/** Returns false for changes, such as renames, that produce no event, without reading more. */
export function mayMatter(before: TenantFacts | null, after: TenantFacts): boolean {
  if (before === null) return after.grants.length > 0;
  return (
    before.plan !== after.plan ||
    before.status !== after.status ||
    JSON.stringify(before.addOns) !== JSON.stringify(after.addOns) ||
    JSON.stringify(before.grants.map((g) => g.id)) !== JSON.stringify(after.grants.map((g) => g.id))
  );
}
