import { type Counter, counterAt } from "~/core/decision/usage";
import type { Instant, Json, Limit, TenantFacts } from "~/core/model";
import type { Services } from "~/server/services.server";
import { readKeyNames } from "~db/store/api-keys.server";
import { type RecordedEvent, readCounterEvents, readNewestSets } from "~db/store/usage-events.server";

const maxEvents = 100;

export type SentBy = { id: string; name: string } | null;
export type ConsumedFeature = Awaited<ReturnType<typeof readConsumption>>["consumption"][number];
export type ConsumedEvent = ReturnType<typeof eventOf>;

/**
 * What the tenant consumed of each metered feature in its present period, and which API key sent the newest `set`. `feature`: the
 * one whose newest events are wanted; `only`: the others are left out.
 */
export async function readConsumption(
  { db, checks, facts }: Services,
  tenant: TenantFacts,
  now: Instant,
  { feature, only = false }: { feature: string | null; only?: boolean },
) {
  const metered = [...facts.catalogue().features.values()].flatMap((f) =>
    f.type === "metered" && f.archivedAt === null && (!only || f.key === feature) ? [f] : [],
  );
  const counters = new Map(metered.map((f): [string, Counter] => [f.key, { tenant: tenant.key, ...counterAt(f, tenant, now) }]));
  const names = metered.map((f) => f.key);
  const { body } = checks.answerFrom(await checks.context(tenant.key), names, now);
  const sets = await readNewestSets(db.readAside, db.tables, [...counters.values()]);
  const chosen = feature === null ? undefined : counters.get(feature);
  const found = chosen ? await readCounterEvents(db.readAside, db.tables, chosen, maxEvents) : [];
  const ids = [...[...sets.values()].map(({ setBy }) => setBy), ...found.map(({ apiKey }) => apiKey)].filter((id) => id !== null);
  const keys = await readKeyNames(db.readAside, db.tables, ids);
  const sentBy = (id: string | null): SentBy => (id === null ? null : { id, name: keys.get(id) ?? id });

  const consumption = metered.flatMap((f) => {
    const entry = body.entitlements[f.key];
    if (!entry || !("limit" in entry)) return [];
    const { limit, used, remaining, resetPeriod, resetsAt, softLimit } = entry;
    if (limit === undefined || used === undefined) return [];
    const set = sets.get(f.key);
    const newest = { setAt: set?.setAt ?? null, setBy: sentBy(set?.setBy ?? null) };
    return [
      {
        feature: f.key,
        name: f.name,
        unit: f.meter.unit,
        limit: limit as Limit,
        used,
        remaining,
        resetPeriod,
        resetsAt,
        softLimit,
        ...newest,
      },
    ];
  });
  return { consumption, events: found.map((event) => eventOf(event, sentBy)) };
}

/** A report is `[feature, "add" | "set", quantity, time]`, a consumption `["consume", feature, quantity]`. */
function eventOf({ report, idempotencyKey, at, recordedAt, added, apiKey }: RecordedEvent, sentBy: (id: string | null) => SentBy) {
  const parts = report as Json[];
  const action = (parts[0] === "consume" ? parts[0] : parts[1]) as "add" | "set" | "consume";
  return {
    time: at ?? recordedAt,
    recordedAt,
    action,
    quantity: parts[2] as number,
    added,
    // With a space, it is not an app's own: nobody named this consumption.
    idempotencyKey: idempotencyKey.startsWith(" ") ? null : idempotencyKey,
    apiKey: sentBy(apiKey),
  };
}
