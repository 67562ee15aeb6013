import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { minute } from "~/core/time";
import { monthOf } from "~/core/trials/trial-chains";
import { countTrial, noTrials } from "~/core/trials/trial-counts";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { readCatalogueRevision } from "~db/store/facts.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import {
  dueTrialMonths,
  putTrialCounts,
  putTrialOutcomes,
  readTrialsComputedAt,
  type TrialCountsRow,
  type TrialOutcomeRow,
  trialsOfMonth,
  unsettledTrials,
  writeTrialsComputedAt,
} from "~db/store/trial-outcomes.server";
import { computeOutcomes, sweepBounds } from "./trial-outcomes.server";

const leaseName = "trial outcomes";
const leaseTtl = 60_000;
/** In ms. The pause between two computations is also at least this many times as long as one takes. */
const firstPause = 2_000;
const pauseBetween = 15_000;
const pauseShare = 10;
/** Grants per batch, and the pause between batches for other readers, in ms. */
const batchSize = 1_000;
const monthBatchSize = 2_000;
const pause = 5;

type Parts = Pick<Services, "db" | "facts"> & {
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

/**
 * Keeps what became of trials, and its sums per month. Looks at every trial whose outcome may still change, in batches
 * in order of their ids, so that nothing has to tell it of changes. One process at a time writes.
 */
export function createTrialSweep({ db, facts, holder, now, elapsed, log }: Parts) {
  const { readAside: q, tables: t } = db;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let leaseUntil = 0;

  /** False if another process is at it. */
  async function write(work: (tx: Queries) => Promise<void>): Promise<boolean> {
    if (leaseUntil - elapsed() < leaseTtl / 2) {
      if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
      leaseUntil = elapsed() + leaseTtl;
    }
    return db.transaction([], async (tx) => {
      if (!(await stillHolds(tx, t, leaseName, holder))) return false;
      await work(tx);
      return true;
    });
  }

  async function rest(): Promise<boolean> {
    await wait(pause, undefined, { signal: stopping.signal }).catch(() => {});
    return !stopping.signal.aborted;
  }

  /** Returns how many outcomes were written, or null if it was stopped or another process is at it. */
  async function sweep(): Promise<number | null> {
    const began = now();
    const computedAt = (await readTrialsComputedAt(q, t)) ?? 0;
    const catalogueRevision = await readCatalogueRevision(q, t);
    let written = 0;
    for (let after = ""; ; ) {
      const at = now();
      const { trials, last } = await unsettledTrials(q, t, after, batchSize, sweepBounds(at, catalogueRevision, computedAt));
      const rows = await computeOutcomes({ db, facts }, trials, at, computedAt);
      if (rows.length > 0 && !(await write((tx) => putTrialOutcomes(tx, t, rows, monthsOf(rows, trials))))) return null;
      written += rows.length;
      if (last === null) break;
      after = last;
      if (!(await rest())) return null;
    }
    for (const month of await dueTrialMonths(q, t)) if (!(await addUp(month))) return null;
    const isDue = written > 0 || began - computedAt >= minute / 2;
    if (isDue && !(await write((tx) => writeTrialsComputedAt(tx, t, began)))) return null;
    if (leaseUntil > 0) await giveUpLease(db, leaseName, holder);
    leaseUntil = 0;
    return written;
  }

  /** The months of these outcomes, and those in which they were before. */
  function monthsOf(rows: TrialOutcomeRow[], trials: { row: { id: string }; known: TrialOutcomeRow | null }[]): string[] {
    const before = new Map(trials.map(({ row, known }) => [row.id, known?.month]));
    return rows.flatMap(({ grant, startedAt }) => [monthOf(startedAt.getTime()), before.get(grant) ?? []].flat());
  }

  async function addUp(month: string): Promise<boolean> {
    const counts = new Map<string, TrialCountsRow>();
    const of = (dimension: TrialCountsRow["dimension"], value: string) => {
      const name = `${dimension}\n${value}`;
      const row = counts.get(name) ?? { month, dimension, value, ...noTrials() };
      counts.set(name, row);
      return row;
    };
    for (let after = ""; ; ) {
      const trials = await trialsOfMonth(q, t, month, after, monthBatchSize);
      for (const trial of trials) {
        countTrial(of("all", ""), trial);
        countTrial(of("feature", trial.feature), trial);
        countTrial(of("person", trial.givenBy), trial);
      }
      const last = trials.at(-1);
      if (!last || trials.length < monthBatchSize) break;
      after = last.grant;
      if (!(await rest())) return false;
    }
    const rows = [...counts.values()].filter(({ granted }) => granted > 0);
    return write((tx) => putTrialCounts(tx, t, month, rows));
  }

  async function run(): Promise<void> {
    const began = elapsed();
    await sweep().catch((err) => {
      leaseUntil = 0;
      log.warn({ err }, "outcomes of trials were not computed; trying again");
    });
    if (stopping.signal.aborted) return;
    schedule(Math.max(pauseBetween, (elapsed() - began) * pauseShare));
  }

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      running = run();
    }, ms).unref();
  }

  return {
    sweep,
    start: () => schedule(firstPause),
    async stop(): Promise<void> {
      clearTimeout(timer);
      stopping.abort();
      await running;
    },
  };
}
export type TrialSweep = ReturnType<typeof createTrialSweep>;
