import type { Instant } from "~/core/model";
import type { WebhookEventType } from "~/core/webhooks/event-types";
import { cataloguePublished, featureNames } from "~/core/webhooks/figure-hook-events";
import type { HookEvent } from "~/core/webhooks/hook-event";
import { grantEnded, grantEndsSoon, hookEventsBetween, mayProduceEvents } from "~/core/webhooks/tenant-hook-events";
import type { Services } from "~/server/services.server";
import { readTenantFactsAt } from "~db/store/facts.server";
import {
  allEndsUpTo,
  catalogueAround,
  type EndingGrant,
  type EndPlace,
  grantsEndingBetween,
  type HookCursor,
} from "~db/store/hook-changes.server";
import { actorOfChange, factsBefore } from "~db/store/tenant-changes.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import type { FactsChange } from "~db/store/usage-levels.server";

type Parts = Pick<Services, "db" | "facts">;
type Wanted = ReadonlySet<WebhookEventType>;

const ofChanges: WebhookEventType[] = [
  "grant.created",
  "grant.extended",
  "grant.ended",
  "tenant.created",
  "tenant.plan_changed",
  "tenant.status_changed",
];

/** True if some change can make an event that someone wants. */
export const wantsChanges = (wanted: Wanted) => wanted.has("catalogue.published") || ofChanges.some((type) => wanted.has(type));

/** Events of one committed change. */
export async function eventsOfChange({ db, facts }: Parts, change: FactsChange, wanted: Wanted): Promise<HookEvent[]> {
  const { readAside: q, tables: t } = db;
  const { kind, subject, seq, at } = change;
  if (kind === "catalogue") {
    if (!wanted.has("catalogue.published")) return [];
    const { before, after } = await catalogueAround(q, t, seq);
    return after === null ? [] : [cataloguePublished(before, after, at)];
  }
  if (!ofChanges.some((type) => wanted.has(type))) return [];
  const after = await readTenantFactsAt(q, t, subject, seq);
  if (after === null) return [];
  const entry = { seq, tenant: subject, at };
  const before = await factsBefore(q, t, entry);
  if (!mayProduceEvents(before, after)) return [];
  const actor = await actorOfChange(q, t, entry);
  const events = hookEventsBetween(before, after, { at, actor, nameOf: featureNames(facts.catalogue()) });
  // Two changes within a millisecond must not have the same id.
  return events.filter(({ type }) => wanted.has(type as WebhookEventType)).map((event) => ({ ...event, about: `${event.about} ${seq}` }));
}

/** Grants per step. */
const grantBatchSize = 200;

/** Grants that ended by themselves up to `to`, or some of them. Null if there is nothing up to there. */
export async function endsUntil(parts: Parts, from: HookCursor, to: Instant): Promise<{ events: HookEvent[]; cursor: HookCursor } | null> {
  const found = await grantsUntil(parts, from.ends, to);
  if (!found) return null;
  const names = featureNames(parts.facts.catalogue());
  const events = found.grants.flatMap(({ tenant, grant, endsAt }) => {
    const facts = found.tenants.get(tenant);
    return facts ? [grantEnded(facts, grant, endsAt, names)] : [];
  });
  return { events, cursor: { ...from, ends: found.to } };
}

/** Grants that end by `to`, announced at `now`. */
export async function announcedUntil(parts: Parts, from: HookCursor, to: Instant, now: Instant) {
  // Fewer days than before: what comes between is announced when it is that near.
  const found = await grantsUntil(parts, from.soon.at > to ? allEndsUpTo(to) : from.soon, to);
  if (!found) return null;
  const names = featureNames(parts.facts.catalogue());
  const events = found.grants.flatMap(({ tenant, grant, endsAt }) => {
    const facts = found.tenants.get(tenant);
    return facts && endsAt > now ? [grantEndsSoon(facts, grant, now, names)] : [];
  });
  return { events, cursor: { ...from, soon: found.to } };
}

async function grantsUntil({ db }: Parts, from: EndPlace, to: Instant) {
  if (from.at > to || (from.at === to && from.tenant === null)) return null;
  const { readAside: q, tables: t } = db;
  const { grants, to: until } = await grantsEndingBetween(q, t, { from, to, size: grantBatchSize });
  if (grants.length === 0 && until.at === to && until.tenant === null) return null;
  const tenants = await readTenantsByKey(q, t, [...new Set(grants.map(({ tenant }: EndingGrant) => tenant))]);
  return { grants, tenants, to: until };
}
