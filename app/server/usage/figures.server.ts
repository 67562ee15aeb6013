import type { Logger } from "pino";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { Instant } from "~/core/model";
import { day, isoDay, minute } from "~/core/time";
import type { Database, Lock, Queries } from "~db/database";
import { lastChange } from "~db/store/changes.server";
import {
  deleteFigures,
  foldCheckCounts,
  hasPastWindows,
  hasPending,
  moveWindows,
  resetCounts,
  type Window,
} from "~db/store/check-figures.server";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { type FiguresState, readFiguresState, writeFiguresState } from "~db/store/figures-state.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import { tenantNamesAfter } from "~db/store/tenant-documents.server";
import { totalsReader } from "~db/store/usage-feed.server";
import { dueTenants, type FactsChange, factsChangesAfter, oldestChange, tenantsUsedSince } from "~db/store/usage-levels.server";
import { createLevelWriter } from "./level-writer.server";

const leaseName = "usage figures";
/** Longer than one batch with its reads and writes, in ms. */
const leaseTtl = 30_000;
const pollIntervalMs = 5_000;
/** Count rows per transaction, for which other writers wait some hundredths of a second. */
const countBatchSize = 1_000;
const tenantBatchSize = 100;
const changeBatchSize = 5_000;
/** If more tenants than this have new totals, all tenants are computed again instead. */
const maxUsedTenants = 20_000;
/** On PostgreSQL a smaller sequence number can commit after a larger one, for at most the length of a transaction. */
const lookbackMs = minute;
/** The window of `tenant_stats`. */
export const statsDays = 30;

const figuresLock: Lock = { key: "usage figures" };

/** "elsewhere": another process holds the lease. */
export type FiguresPass = "done" | "nothing" | "elsewhere";

type Parts = {
  db: Database;
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

export const windowAt = (now: Instant): Window => ({ first: isoDay(now - (statsDays - 1) * day), today: isoDay(now) });

/**
 * Keeps the figures of pages that show all tenants: adds check counts they lack, and computes limits again for tenants
 * that something changed for. Works in short transactions, each of which also moves its cursor, so that an end at any
 * instant repeats and loses nothing. One process at a time.
 */
export function createUsageFigures({ db, holder, now, elapsed, log }: Parts) {
  const { readAside: read, tables } = db;
  const stopping = new AbortController();
  const totals = totalsReader(read, tables);
  const levels = createLevelWriter(db, { now, step, windowAt });
  /** Changes that were processed but may still be followed by smaller numbers. */
  let recent = new Set<number>();
  let compiled: Catalogue | undefined;
  let leaseUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  /** Runs a write of the lease's holder. `work` may change the state. Undefined if the lease was lost, or to be reset first. */
  async function step<T>(work: (tx: Queries, state: FiguresState) => Promise<T>, { duringReset = false } = {}): Promise<T | undefined> {
    if (stopping.signal.aborted) return undefined;
    if (leaseUntil - elapsed() < leaseTtl / 2) {
      if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return undefined;
      leaseUntil = elapsed() + leaseTtl;
    }
    return db.transaction([figuresLock], async (tx) => {
      const state = await readFiguresState(tx, tables);
      if (!state || !(await stillHolds(tx, tables, leaseName, holder)) || (state.resetAfter !== null && !duringReset)) return undefined;
      const before = JSON.stringify(state);
      const result = await work(tx, state);
      if (JSON.stringify(state) !== before) await writeFiguresState(tx, tables, state);
      return result;
    });
  }

  async function begin(): Promise<FiguresState> {
    const fresh: FiguresState = {
      changesSeq: await lastChange(read, tables, db.engine === "sqlite" ? undefined : now() - lookbackMs),
      totals: await totals.start(),
      ...{ sweepAfter: "", resetAfter: null, completedAt: 0 },
    };
    return db.transaction([figuresLock], async (tx) => {
      const known = await readFiguresState(tx, tables);
      if (!known) await writeFiguresState(tx, tables, fresh);
      return known ?? fresh;
    });
  }

  async function isBehind(): Promise<boolean> {
    const state = await readFiguresState(read, tables);
    if (!state || state.resetAfter !== null || state.sweepAfter !== null) return true;
    return (
      (await hasPending(read, tables)) ||
      (await tenantsUsedSince(read, tables, state.totals, 1)).length > 0 ||
      (await hasChanges(state)) ||
      (await dueTenants(read, tables, now(), 1)).length > 0 ||
      (await hasPastWindows(read, tables, windowAt(now())))
    );
  }

  async function catalogue(): Promise<Catalogue> {
    if (!compiled || compiled.revision !== (await readCatalogueRevision(read, tables))) {
      compiled = compileCatalogue(await readCatalogueFacts(read, tables));
    }
    return compiled;
  }

  async function finishReset(): Promise<boolean> {
    for (;;) {
      const after = await step(
        async (tx, state) => {
          if (state.resetAfter !== null) state.resetAfter = await resetCounts(tx, tables, state.resetAfter, tenantBatchSize);
          return state.resetAfter;
        },
        { duringReset: true },
      );
      if (after === null) return true;
      if (after === undefined) return false;
    }
  }

  async function foldAll(): Promise<boolean> {
    for (let from: string | null = ""; from !== null; ) {
      const start: string = from;
      const next: { from: string | null } | undefined = await step(async (tx) => {
        const at = now();
        return { from: await foldCheckCounts(tx, tables, { from: start, size: countBatchSize, window: windowAt(at), now: at }) };
      });
      if (!next) return false;
      from = next.from;
    }
    for (;;) {
      const moved = await step((tx) => moveWindows(tx, tables, { size: tenantBatchSize, window: windowAt(now()), now: now() }));
      if (moved === undefined) return false;
      if (!moved) return true;
    }
  }

  async function freshChanges(state: FiguresState): Promise<{ rows: FactsChange[]; fresh: FactsChange[] }> {
    const rows = await factsChangesAfter(read, tables, state.changesSeq, changeBatchSize + recent.size);
    return { rows, fresh: rows.filter(({ seq }) => !recent.has(seq)) };
  }

  /** Another process may have processed recent changes that are still after its cursor. */
  async function hasChanges(state: FiguresState): Promise<boolean> {
    return (await freshChanges(state)).fresh.some(({ at }) => at >= state.completedAt);
  }

  /** True for the process that keeps the figures also if its cursor can move past changes that it processed. */
  async function isWorkLeft(): Promise<boolean> {
    if (await isBehind()) return true;
    const state = await readFiguresState(read, tables);
    if (!state) return true;
    const { rows, fresh } = await freshChanges(state);
    return fresh.length > 0 || rows.some(isSettled);
  }

  const isSettled = ({ at }: FactsChange) => db.engine === "sqlite" || at < now() - lookbackMs;

  async function followChanges(): Promise<boolean> {
    for (;;) {
      const state = await readFiguresState(read, tables);
      if (!state) return false;
      const oldest = await oldestChange(read, tables);
      const isGap = oldest !== null && oldest > state.changesSeq + 1 && state.changesSeq > 0;
      const { rows, fresh } = await freshChanges(state);
      if (fresh.length === 0 && !isGap && !rows.some(isSettled)) return true;
      const all = isGap || fresh.some(({ kind }) => kind === "catalogue");
      const keys = [...new Set(fresh.filter(({ kind }) => kind === "tenant").map(({ subject }) => subject))];
      if (!all && !(await levels.compute(keys, await catalogue()))) return false;
      const firstYoung = rows.findIndex((row) => !isSettled(row));
      const settled = firstYoung < 0 ? rows : rows.slice(0, firstYoung);
      const done = await step(async (_tx, at) => {
        at.changesSeq = Math.max(settled.at(-1)?.seq ?? at.changesSeq, isGap ? oldest - 1 : 0);
        if (all) at.sweepAfter = "";
        return true;
      });
      if (!done) return false;
      recent = new Set(rows.slice(settled.length).map(({ seq }) => seq));
    }
  }

  async function followTotals(): Promise<boolean> {
    const state = await readFiguresState(read, tables);
    if (!state) return false;
    const cursor = await totals.start();
    const used = await tenantsUsedSince(read, tables, state.totals, maxUsedTenants + 1);
    if (used.length === 0) return true;
    const all = used.length > maxUsedTenants;
    if (!all && !(await levels.compute(used, await catalogue()))) return false;
    const done = await step(async (_tx, at) => {
      at.totals = cursor;
      if (all) at.sweepAfter = "";
      return true;
    });
    return done === true;
  }

  async function followClock(): Promise<boolean> {
    for (;;) {
      const due = await dueTenants(read, tables, now(), tenantBatchSize);
      if (due.length === 0) return true;
      if (!(await levels.compute(due, await catalogue()))) return false;
    }
  }

  async function sweep(): Promise<boolean> {
    for (;;) {
      const after = (await readFiguresState(read, tables))?.sweepAfter ?? null;
      if (after === null) return true;
      const keys = (await tenantNamesAfter(read, tables, after, tenantBatchSize)).map(({ key }) => key);
      if (keys.length > 0 && !(await levels.compute(keys, await catalogue()))) return false;
      const done = await step(async (_tx, state) => {
        // A change of the catalogue may have started it again.
        if (state.sweepAfter === after) state.sweepAfter = keys.at(-1) ?? null;
        return true;
      });
      if (!done) return false;
    }
  }

  /** Brings the figures up to date with everything committed before it began. */
  async function pass(): Promise<FiguresPass> {
    if (!(await isWorkLeft())) return "nothing";
    await begin();
    const parts = [finishReset, foldAll, followChanges, followTotals, sweep, followClock];
    for (const part of parts) if (!(await part())) return "elsewhere";
    await step(async (_tx, state) => {
      state.completedAt = now();
    });
    return "done";
  }

  function wake(): void {
    running ??= pass()
      .then(
        () => {},
        (err) => log.warn({ err }, "figures of usage were not updated; trying again"),
      )
      .finally(() => {
        running = undefined;
      });
  }

  return {
    pass,
    isBehind,
    /** Deletes all figures. The following passes, of any process, compute them from the start. */
    async reset(): Promise<void> {
      await begin();
      const cursor = await totals.start();
      await db.transaction([figuresLock], async (tx) => {
        const state = await readFiguresState(tx, tables);
        if (!state) return;
        await deleteFigures(tx, tables);
        await writeFiguresState(tx, tables, { ...state, totals: cursor, sweepAfter: "", resetAfter: "" });
      });
    },
    start(): void {
      timer = setInterval(wake, pollIntervalMs).unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      stopping.abort();
      await running;
      if (leaseUntil > 0) await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}
export type UsageFigures = ReturnType<typeof createUsageFigures>;
