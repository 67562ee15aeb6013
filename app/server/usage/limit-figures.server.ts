import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { Instant } from "~/core/model";
import { minute } from "~/core/time";
import type { Database } from "~db/database";
import { lastChange } from "~db/store/changes.server";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { type FiguresState, readFiguresState } from "~db/store/figures-state.server";
import { tenantNamesAfter } from "~db/store/tenant-documents.server";
import { tenantsWithDueTrials } from "~db/store/tenant-stats.server";
import { totalsReader } from "~db/store/usage-feed.server";
import { dueTenants, type FactsChange, factsChangesAfter, oldestChange, tenantsUsedSince } from "~db/store/usage-levels.server";
import { windowAt } from "./count-figures.server";
import type { FiguresLease } from "./figures-lease.server";
import { createLevelWriter } from "./level-writer.server";

const tenantBatchSize = 100;
const changeBatchSize = 5_000;
/** If more tenants than this have new totals, all tenants are computed again instead. */
const maxUsedTenants = 20_000;
/** On PostgreSQL a smaller sequence number can commit after a larger one, for at most the length of a transaction. */
const lookbackMs = minute;

type Parts = { step: FiguresLease["step"]; now: () => Instant };

/**
 * Computes limits again for tenants whose facts, usage or periods changed. Each part is false if another process does it
 * now.
 */
export function createLimitFigures(db: Database, { step, now }: Parts) {
  const { readAside: read, tables } = db;
  const totals = totalsReader(read, tables);
  const levels = createLevelWriter(db, { now, step, windowAt });
  /** Changes that were processed but may still be followed by smaller numbers. */
  let recent = new Set<number>();
  let compiled: Catalogue | undefined;

  /** Tenants with a limit or trials that time has changed. */
  async function dueAt(at: Instant, size: number): Promise<string[]> {
    const due = [...(await dueTenants(read, tables, at, size)), ...(await tenantsWithDueTrials(read, tables, at, size))];
    return [...new Set(due)].slice(0, size);
  }

  async function catalogue(): Promise<Catalogue> {
    if (!compiled || compiled.revision !== (await readCatalogueRevision(read, tables))) {
      compiled = compileCatalogue(await readCatalogueFacts(read, tables));
    }
    return compiled;
  }

  async function freshChanges(state: FiguresState): Promise<{ rows: FactsChange[]; fresh: FactsChange[] }> {
    const rows = await factsChangesAfter(read, tables, state.changesSeq, changeBatchSize + recent.size);
    return { rows, fresh: rows.filter(({ seq }) => !recent.has(seq)) };
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
      const due = await dueAt(now(), tenantBatchSize);
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

  async function start(): Promise<Pick<FiguresState, "changesSeq" | "totals">> {
    return {
      changesSeq: await lastChange(read, tables, db.engine === "sqlite" ? undefined : now() - lookbackMs),
      totals: await totals.start(),
    };
  }

  async function isBehind(state: FiguresState): Promise<boolean> {
    return (
      state.sweepAfter !== null ||
      (await tenantsUsedSince(read, tables, state.totals, 1)).length > 0 ||
      // Another process may have processed recent changes that are still after its cursor.
      (await freshChanges(state)).fresh.some(({ at }) => at >= state.completedAt) ||
      (await dueAt(now(), 1)).length > 0
    );
  }

  /** True if there are changes to process, or processed ones that the cursor can move past. */
  async function canMove(state: FiguresState): Promise<boolean> {
    const { rows, fresh } = await freshChanges(state);
    return fresh.length > 0 || rows.some(isSettled);
  }

  return { start, totalsNow: totals.start, isBehind, canMove, followChanges, followTotals, followClock, sweep };
}
