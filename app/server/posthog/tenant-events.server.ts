import type { Logger } from "pino";
import { compileCatalogue } from "~/core/catalogue";
import { isOver } from "~/core/grant-lifetime";
import type { Instant, Trial } from "~/core/model";
import { eventsBetween, hasPlanMoved, trialExpired } from "~/core/tenant-events";
import type { Database, Queries } from "~db/database";
import { readCatalogueFacts, readTenantFacts, readTenantFactsAt } from "~db/store/facts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import { actorOfChange, factsBefore, type TenantChanged, tenantChangesAfter } from "~db/store/tenant-news.server";
import { readTold, type Told, tellFromHere, writeTold } from "~db/store/told-events.server";
import { nextTrialInstant, type TrialOver, trialsBetween } from "~db/store/trial-clock.server";
import { readWaitingEvents, removeWaitingEvents } from "~db/store/waiting-events.server";
import type { FactsCache } from "../facts-cache.server";
import { backOff } from "./breaker.server";
import { type BatchEvent, sendBatch } from "./send-batch.server";
import type { PosthogSettings } from "./settings.server";
import { mayMatter, tenantEvent } from "./tenant-event.server";

const leaseName = "posthog tenant events";
/** Longer than one request and what is read and written around it. */
const leaseTtl = 30_000;
const requestTimeout = 10_000;
const lookEvery = 1_000;
/** Changes looked at for one request. */
const changesAtOnce = 100;
/** On PostgreSQL a smaller number can be committed after a larger one, for as long as a transaction may last. */
const lookBack = 60_000;
/** A trial's end is looked at this much later, so that one granted for a moment is in the database by then. */
const settling = 2_000;

/** One request, and what to write once PostHog has it. */
type Piece = { events: BatchEvent[]; done: (tx: Queries) => Promise<void> };

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
 * Tells PostHog what became of tenants, whoever changed them and in whichever process: by reading what was committed, not by
 * being called. Where it stands is in the database, so nothing is lost while PostHog, or this program, is away. What no
 * document shows, such as a sign-in, was written as it is to be sent, with what it tells of.
 */
export function createTenantEvents({ db, settings, facts, holder, now, elapsed, log, random }: Parts) {
  const { readAside: read, tables } = db;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let size = changesAtOnce;
  let failures = 0;
  let notBefore = 0;

  /** What happened before the first start is history, which PostHog is not told. */
  async function begin(): Promise<void> {
    if ((await readTold(read, tables)) !== null) return;
    await db.transaction([], async (tx) => {
      if ((await readTold(tx, tables)) === null) await tellFromHere(tx, tables, now());
    });
  }

  async function catalogueAt(at: Instant) {
    const current = facts.catalogue();
    const then = await readCatalogueFacts(read, tables, at);
    return then.revision === current.revision ? current : compileCatalogue(then);
  }

  async function eventsOf(change: TenantChanged): Promise<BatchEvent[]> {
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

  async function pastTrials({ tenant, at }: TenantChanged): Promise<Trial[]> {
    const grants = (await grantsOfTenant(read, tables, tenant)).map(grantOf);
    return grants.filter((g): g is Trial => g.kind === "trial" && isOver(g, at));
  }

  async function expired({ grant, tenant, feature, startsAt, endsAt }: TrialOver): Promise<BatchEvent> {
    const then = await readTenantFacts(read, tables, tenant, endsAt);
    const over = trialExpired({ id: grant, feature, startsAt, endsAt }, then?.plan ?? null);
    return tenantEvent(settings, over, { tenant, at: endsAt, seq: 0, actor: null });
  }

  async function waitingPiece(): Promise<Piece | null> {
    const rows = await readWaitingEvents(read, tables, size);
    if (rows.length === 0) return null;
    const seqs = rows.map(({ seq }) => seq);
    return { events: rows.map(({ body }) => body as BatchEvent), done: (tx) => removeWaitingEvents(tx, tables, seqs) };
  }

  async function nextPiece(): Promise<Piece | null> {
    const waiting = await waitingPiece();
    if (waiting) return waiting;
    const from = await readTold(read, tables);
    const news = from && (await newsAfter(from));
    return news && { events: news.events, done: (tx) => writeTold(tx, tables, news.next) };
  }

  /** What became of tenants, and where that leads; null: nothing happened. */
  async function newsAfter(from: Told): Promise<{ events: BatchEvent[]; next: Told } | null> {
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
      const told = rows.filter(({ seq }) => known.has(seq) || seq <= last);
      return { events, next: { ...standsAt(told, from), clock: from.clock } };
    }
    const settled = standsAt(rows, from);
    if (settled.seq > from.seq) return { events: [], next: { ...settled, clock: from.clock } };
    const to = await nextTrialInstant(read, tables, from.clock, now() - settling);
    if (to === null) return null;
    const { over } = await trialsBetween(read, tables, from.clock, to);
    return { events: await Promise.all(over.map(expired)), next: { ...from, clock: to } };
  }

  const isSettled = ({ at }: TenantChanged) => db.engine === "sqlite" || at < now() - lookBack;

  /** SQLite commits in the order of numbers; on PostgreSQL young ones are remembered one by one. */
  function standsAt(told: TenantChanged[], from: Told): Pick<Told, "seq" | "told"> {
    const firstYoung = told.findIndex((change) => !isSettled(change));
    const settled = firstYoung < 0 ? told : told.slice(0, firstYoung);
    const seq = settled.at(-1)?.seq ?? from.seq;
    return { seq, told: told.slice(settled.length).map((change) => change.seq) };
  }

  async function keep({ done }: Piece): Promise<void> {
    await db.transaction([], async (tx) => {
      if (await stillHolds(tx, tables, leaseName, holder)) await done(tx);
    });
  }

  /** One request. False: nothing to tell, or not now, or not by this process. */
  async function step(): Promise<boolean> {
    if (elapsed() < notBefore) return false;
    if (await nothingNew()) return false;
    await facts.look();
    if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
    const piece = await nextPiece();
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
    size = Math.min(changesAtOnce, size * 2);
    await keep(piece);
    return true;
  }

  async function nothingNew(): Promise<boolean> {
    if ((await readWaitingEvents(read, tables, 1)).length > 0) return false;
    const from = await readTold(read, tables);
    if (from === null) return true;
    const { seq, told, clock } = from;
    const known = new Set(told);
    const rows = await tenantChangesAfter(read, tables, seq, told.length + 1);
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
    /** After a commit: told at once. Nothing happens in a process that did not start. */
    wake: () => void (timer && wake()),
    async start(): Promise<void> {
      await begin();
      timer = setInterval(wake, lookEvery).unref();
    },
    /** Tells all that there is to tell now, or as much as PostHog takes. */
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
export type TenantEvents = ReturnType<typeof createTenantEvents>;
