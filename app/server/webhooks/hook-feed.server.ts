import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { day, hour } from "~/core/time";
import type { Services } from "~/server/services.server";
import { lastChange } from "~db/store/changes.server";
import { allEndsUpTo, firstEndBetween, type HookCursor, readHookCursor, writeHookCursor } from "~db/store/hook-changes.server";
import { type FactsChange, factsChangesAfter } from "~db/store/usage-levels.server";
import { announcedUntil, endsUntil, eventsOfChange, wantsChanges } from "./changes-to-events.server";
import { areFiguresRebuilt, figureSteps } from "./figures-to-events.server";
import { createHookWriter, type HookBatch, type Listeners, readListeners } from "./hook-writer.server";

const pollIntervalMs = 1_000;
/** Figures are kept by another job, every few seconds. */
const figuresIntervalMs = 10_000;
/** How often the cursor skips changes that no endpoint or notice wants, in ms. */
const skipIntervalMs = 30_000;
const changeBatchSize = 100;
/** Changes that are remembered one by one. Beyond, those of the last minute wait, because each batch reads them again. */
const maxRecent = 2_000;
/** On PostgreSQL a smaller sequence number can commit after a larger one, for at most the length of a transaction. */
const lookbackMs = 60_000;
/** Delay after a grant's end, in ms, so that a very short grant is committed by then. */
const settlingMs = 2_000;

type Parts = Pick<Services, "db" | "facts"> & {
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

function upToFirst<T>(list: T[], isExcluded: (item: T) => boolean): T[] {
  const at = list.findIndex(isExcluded);
  return at < 0 ? list : list.slice(0, at);
}

/**
 * Makes events and notices of committed changes, of ends of grants and of kept figures, for all processes. The cursor
 * is in the database and moves in the transaction that writes the deliveries, so nothing is lost or written twice.
 */
export function createHookFeed({ db, facts, holder, now, elapsed, log }: Parts) {
  const { readAside: q, tables: t } = db;
  const writer = createHookWriter({ db, holder, now, elapsed });
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isStopped = false;
  let figuresAt = Number.NEGATIVE_INFINITY;
  let skippedAt = Number.NEGATIVE_INFINITY;

  /** Existing changes are history and are not sent. */
  async function begin(): Promise<HookCursor> {
    const known = await readHookCursor(q, t);
    if (known) return known;
    return db.transaction([{ key: "webhook cursor" }], async (tx) => {
      const at = now();
      const cursor = (await readHookCursor(tx, t)) ?? {
        seq: await lastChange(tx, t),
        recent: [],
        ends: allEndsUpTo(at),
        soon: allEndsUpTo(at),
        figuresSince: null,
      };
      await writeHookCursor(tx, t, cursor);
      return cursor;
    });
  }

  const isSettled = ({ at }: FactsChange) => db.engine === "sqlite" || at < now() - lookbackMs;

  /** The number up to which nothing can be committed any more. */
  const settledHead = () => lastChange(q, t, db.engine === "sqlite" ? undefined : now() - lookbackMs);

  /** `rows`: changes after the cursor. `fresh`: those of them that can be processed now. */
  async function readChanges({ seq: after, recent }: HookCursor): Promise<{ rows: FactsChange[]; fresh: FactsChange[] }> {
    const known = new Set(recent);
    const rows = await factsChangesAfter(q, t, after, changeBatchSize + known.size);
    const mayBeYoung = known.size < maxRecent;
    const unknown = rows.filter(({ seq }) => !known.has(seq));
    // Up to the first that must wait: what follows it would move the cursor past it.
    const fresh = mayBeYoung ? unknown : upToFirst(unknown, (change) => !isSettled(change));
    return { rows, fresh: fresh.slice(0, changeBatchSize) };
  }

  type Changes = Awaited<ReturnType<typeof readChanges>>;

  async function changesBatch(from: HookCursor, { rows, fresh }: Changes, { wanted }: Listeners): Promise<HookBatch | null> {
    const known = new Set(from.recent);
    const events: HookBatch["events"] = [];
    for (const change of fresh) {
      events.push(...(await eventsOfChange({ db, facts }, change, wanted)));
      await new Promise(setImmediate);
    }
    const last = fresh.at(-1)?.seq ?? Number.NEGATIVE_INFINITY;
    const processed = rows.filter(({ seq }) => known.has(seq) || seq <= last);
    const settled = upToFirst(processed, (change) => !isSettled(change));
    if (fresh.length === 0 && settled.length === 0) return null;
    const cursor = { ...from, seq: settled.at(-1)?.seq ?? from.seq, recent: processed.slice(settled.length).map(({ seq }) => seq) };
    return { events, cursor };
  }

  /** Ends before the first change, or changes before the next end, so that events of a tenant stay in order. */
  async function changesOrEnds(from: HookCursor, listeners: Listeners, endsTo: Instant): Promise<HookBatch | null> {
    const { wanted } = listeners;
    const changes = wantsChanges(wanted) ? await readChanges(from) : { rows: [], fresh: [] };
    const [first, last] = [changes.fresh[0], changes.fresh.at(-1)];
    if (!wanted.has("grant.ended")) return changesBatch(from, changes, listeners);
    const ends = await endsUntil({ db, facts }, from, Math.min(endsTo, first?.at ?? endsTo));
    if (ends) return ends;
    const nextEnd = last ? await firstEndBetween(q, t, from.ends, Math.min(endsTo, last.at)) : null;
    const fresh = nextEnd === null ? changes.fresh : upToFirst(changes.fresh, ({ at }) => at >= nextEnd);
    return changesBatch(from, { ...changes, fresh }, listeners);
  }

  /** Changes and ends come first, because figures of the same instant follow from them. */
  async function nextBatch(from: HookCursor, listeners: Listeners, head: number): Promise<HookBatch | null> {
    const { wanted, rules } = listeners;
    const at = now();
    return (
      (await changesOrEnds(from, listeners, at - settlingMs)) ??
      (wanted.has("grant.ends_soon") ? await announcedUntil({ db, facts }, from, at + rules.endsSoonDays * day, at) : null) ??
      skipped(from, listeners, head, at)
    );
  }

  /**
   * Moves the cursor past changes and ends that no endpoint or notice wants, at intervals. `head` was read before the
   * listeners, so that no change after an endpoint's creation is skipped. Its `activeSince` filters earlier ones.
   */
  function skipped(from: HookCursor, { wanted, rules }: Listeners, head: number, at: Instant): HookBatch | null {
    const isBehind = !wantsChanges(wanted) && head > from.seq && elapsed() - skippedAt >= skipIntervalMs;
    if (!isBehind && at - from.ends.at < hour) return null;
    skippedAt = elapsed();
    const changes = isBehind ? { seq: head, recent: [] } : {};
    // Up to here no grant ends, or no endpoint or notice wants its end.
    const ends = from.ends.at > at - settlingMs ? from.ends : allEndsUpTo(at - settlingMs);
    return { events: [], cursor: { ...from, ...changes, ends, soon: allEndsUpTo(at + rules.endsSoonDays * day) } };
  }

  async function figures(from: HookCursor, listeners: Listeners): Promise<void> {
    if (elapsed() - figuresAt < figuresIntervalMs) return;
    figuresAt = elapsed();
    for (const step of figureSteps) {
      for (let place: unknown = null; ; ) {
        if (isStopped) return;
        const { batch, next } = await step({ db, facts, now: now(), listeners, isSilent: from.figuresSince === null }, place);
        if (batch && !writer.isHolding()) {
          // Another process may have reported it: it is looked at again under the lease.
          if (!(await writer.mayWrite())) return;
          continue;
        }
        if (batch && !(await writer.commit(batch, listeners))) return;
        if (next === null) break;
        place = next;
        await new Promise(setImmediate);
      }
    }
    if (from.figuresSince !== null || (await areFiguresRebuilt(db)) || !(await writer.mayWrite())) return;
    // Another process may have moved it before the lease was taken.
    const cursor = (await readHookCursor(q, t)) ?? from;
    await writer.commit({ events: [], cursor: { ...cursor, figuresSince: now() } }, listeners);
  }

  /** Processes everything that is due. Stops where another process has the lease. */
  async function pass(): Promise<void> {
    await begin();
    await facts.look();
    for (;;) {
      if (isStopped) return;
      const head = await settledHead();
      const listeners = await readListeners(db);
      const from = await begin();
      const batch = await nextBatch(from, listeners, head);
      if (!batch) return figures(from, listeners);
      if (!(await writer.mayWrite())) return;
      // Another process may have moved the cursor before the lease was taken.
      if (JSON.stringify(await readHookCursor(q, t)) !== JSON.stringify(from)) continue;
      if (!(await writer.commit(batch, listeners))) return;
      await new Promise(setImmediate);
    }
  }

  function wake(): void {
    running ??= pass()
      .catch((err) => {
        writer.forgetLease();
        log.warn({ err }, "events for webhooks and notices were not made; trying again");
      })
      .finally(() => {
        running = undefined;
      });
  }

  return {
    /** For tests: also what is not due yet by the intervals. */
    async pass(): Promise<void> {
      figuresAt = Number.NEGATIVE_INFINITY;
      await pass();
    },
    start(): void {
      timer = setInterval(wake, pollIntervalMs).unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      isStopped = true;
      await running;
      await writer.giveUp().catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}
