import type { Logger } from "pino";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { isOver } from "~/core/grants/grant-lifetime";
import type { Instant, Trial } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { eventsBetween, hasPlanMoved, trialExpired } from "~/core/tenants/tenant-events";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import { backOff } from "~/server/posthog/breaker.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Database, Queries } from "~db/database";
import { type EventCursor, readEventCursor, startEventCursorHere, writeEventCursor } from "~db/store/event-cursor.server";
import { readCatalogueFacts, readTenantFacts, readTenantFactsAt } from "~db/store/facts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import { actorOfChange, factsBefore, type TenantFeedEntry, tenantChangesAfter } from "~db/store/tenant-changes.server";
import { nextTrialInstant, type TrialOver, trialsBetween } from "~db/store/trial-transitions.server";
import { readWaitingEvents, removeWaitingEvents } from "~db/store/waiting-events.server";
import { type BatchEvent, sendBatch } from "./send-batch.server";
import { mayMatter, tenantEvent } from "./tenant-event.server";

const leaseName = "posthog tenant events";
/** Longer than one request with its reads and writes, in ms. */
const leaseTtl = 30_000;
const requestTimeout = 10_000;
const pollIntervalMs = 1_000;
/** Changes processed per request. */
const changeBatchSize = 100;
/** On PostgreSQL a smaller sequence number can commit after a larger one, for at most the length of a transaction. */
const lookbackMs = 60_000;
/** Delay after a trial's end, in ms, so that a very short trial is committed by then. */
const settling = 2_000;

/** One request, and what to write once PostHog accepted it. */
type EventBatch = { events: BatchEvent[]; done: (tx: Queries) => Promise<void> };

type Parts = {
  db: Database;
  settings: PosthogSettings;
  facts: FactsCache;
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
  random?: () => number;
};

/**
 * Sends lifecycle events of tenants to PostHog, for changes by any process. Reads committed changes; its cursor is in
 * the database, so nothing is lost while PostHog or this program is down. Events that no document shows, such as
 * sign-ins, are queued in the transaction they describe.
 */
export function createTenantEvents({ db, settings, facts, holder, now, elapsed, log, random }: Parts) {
  const { readAside: read, tables } = db;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let size = changeBatchSize;
  let failures = 0;
  let notBefore = 0;

  /** Changes before the first start are not sent. */
  async function begin(): Promise<void> {
    if ((await readEventCursor(read, tables)) !== null) return;
    await db.transaction([], async (tx) => {
      if ((await readEventCursor(tx, tables)) === null) await startEventCursorHere(tx, tables, now());
    });
  }

  async function catalogueAt(at: Instant) {
    const current = facts.catalogue();
    const then = await readCatalogueFacts(read, tables, at);
    return then.revision === current.revision ? current : compileCatalogue(then);
  }

  async function eventsOf(change: TenantFeedEntry): Promise<BatchEvent[]> {
    const after = await readTenantFactsAt(read, tables, change.tenant, change.seq);
    if (after === null) return [];
    const before = await factsBefore(read, tables, change);
    if (!mayMatter(before, after)) return [];
    const past = before && hasPlanMoved(before, after) ? await pastTrials(change) : [];
    const found = eventsBetween(before, after, await catalogueAt(change.at), change.at, past);
    if (found.length === 0) return [];
    const actor = await actorOfChange(read, tables, change);
    return found.map((e) => tenantEvent(settings, e, { tenant: change.tenant, at: change.at, seq: change.seq, actor }));
  }

  async function pastTrials({ tenant, at }: TenantFeedEntry): Promise<Trial[]> {
    const grants = (await grantsOfTenant(read, tables, tenant)).map(grantOf);
    return grants.filter((g): g is Trial => g.kind === "trial" && isOver(g, at));
  }

  async function expired({ grant, tenant, feature, startsAt, endsAt }: TrialOver): Promise<BatchEvent> {
    const found = await readTenantFacts(read, tables, tenant, endsAt);
    const then = found?.scheduled ? effective(found, await catalogueAt(endsAt), endsAt) : found;
    const over = trialExpired({ id: grant, feature, startsAt, endsAt }, then?.plan ?? null);
    return tenantEvent(settings, over, { tenant, at: endsAt, seq: 0, actor: null });
  }

  async function queuedBatch(): Promise<EventBatch | null> {
    const rows = await readWaitingEvents(read, tables, size);
    if (rows.length === 0) return null;
    const seqs = rows.map(({ seq }) => seq);
    return { events: rows.map(({ body }) => body as BatchEvent), done: (tx) => removeWaitingEvents(tx, tables, seqs) };
  }

  async function nextBatch(): Promise<EventBatch | null> {
    const waiting = await queuedBatch();
    if (waiting) return waiting;
    const from = await readEventCursor(read, tables);
    const news = from && (await eventsAfter(from));
    return news && { events: news.events, done: (tx) => writeEventCursor(tx, tables, news.next) };
  }

  /** Returns the events since the cursor and the next cursor, or null if nothing changed. */
  async function eventsAfter(from: EventCursor): Promise<{ events: BatchEvent[]; next: EventCursor } | null> {
    const known = new Set(from.told);
    const rows = await tenantChangesAfter(read, tables, from.seq, size + known.size);
    const fresh = rows.filter(({ seq }) => !known.has(seq)).slice(0, size);
    if (fresh.length > 0) {
      const events: BatchEvent[] = [];
      for (const change of fresh) {
        events.push(...(await eventsOf(change)));
        await new Promise(setImmediate);
      }
      const last = fresh.at(-1)?.seq as number;
      const written = rows.filter(({ seq }) => known.has(seq) || seq <= last);
      return { events, next: { ...standsAt(written, from), clock: from.clock } };
    }
    const settled = standsAt(rows, from);
    if (settled.seq > from.seq) return { events: [], next: { ...settled, clock: from.clock } };
    const to = await nextTrialInstant(read, tables, from.clock, now() - settling);
    if (to === null) return null;
    const { over } = await trialsBetween(read, tables, from.clock, to);
    return { events: await Promise.all(over.map(expired)), next: { ...from, clock: to } };
  }

  const isSettled = ({ at }: TenantFeedEntry) => db.engine === "sqlite" || at < now() - lookbackMs;

  /** SQLite commits in sequence order. On PostgreSQL recent numbers are remembered one by one. */
  function standsAt(written: TenantFeedEntry[], from: EventCursor): Pick<EventCursor, "seq" | "told"> {
    const firstYoung = written.findIndex((change) => !isSettled(change));
    const settled = firstYoung < 0 ? written : written.slice(0, firstYoung);
    const seq = settled.at(-1)?.seq ?? from.seq;
    return { seq, told: written.slice(settled.length).map((change) => change.seq) };
  }

  async function keep({ done }: EventBatch): Promise<void> {
    await db.transaction([], async (tx) => {
      if (await stillHolds(tx, tables, leaseName, holder)) await done(tx);
    });
  }

  /** Sends one batch. Returns false if there is nothing to send, or another process holds the lease. */
  async function step(): Promise<boolean> {
    if (elapsed() < notBefore) return false;
    if (await nothingNew()) return false;
    await facts.look();
    if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
    const piece = await nextBatch();
    if (!piece) return false;
    if (piece.events.length > 0) {
      const sent = await sendBatch(settings, piece.events, requestTimeout, stopping.signal);
      if (!sent.ok && (sent.kind === "down" || size > 1)) {
        if (sent.kind === "down") postpone(sent.after);
        else size = Math.max(1, Math.floor(size / 2));
        log.debug({ why: sent.why }, "events wait");
        return sent.kind !== "down";
      }
      if (!sent.ok)
        log.error({ why: sent.why, events: piece.events.map((e) => e.event) }, "PostHog does not take these events; leaving them out");
    }
    failures = 0;
    size = Math.min(changeBatchSize, size * 2);
    await keep(piece);
    return true;
  }

  async function nothingNew(): Promise<boolean> {
    if ((await readWaitingEvents(read, tables, 1)).length > 0) return false;
    const from = await readEventCursor(read, tables);
    if (from === null) return true;
    const { seq, told: written, clock } = from;
    const known = new Set(written);
    const rows = await tenantChangesAfter(read, tables, seq, written.length + 1);
    const isSame = rows.every((row) => known.has(row.seq) && !isSettled(row));
    return isSame && (await nextTrialInstant(read, tables, clock, now() - settling)) === null;
  }

  function postpone(after: number): void {
    failures += 1;
    notBefore = elapsed() + Math.max(after, backOff(failures, random));
  }

  async function run(): Promise<void> {
    try {
      while (!stopping.signal.aborted && (await step())) await new Promise(setImmediate);
    } catch (error) {
      postpone(0);
      log.warn({ err: error }, "events will be told later");
    }
  }

  function wake(): void {
    running ??= run().finally(() => {
      running = undefined;
    });
  }

  return {
    /** Sends new events after a commit. No effect in a process that was not started. */
    wake: () => void (timer && wake()),
    async start(): Promise<void> {
      await begin();
      timer = setInterval(wake, pollIntervalMs).unref();
    },
    /** Sends everything that is due, or as much as PostHog accepts. */
    async settle(): Promise<void> {
      await running;
      wake();
      await running;
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      stopping.abort();
      await running;
      if (timer) await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}
