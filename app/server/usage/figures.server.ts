import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { deleteFigures, hasPastWindows, hasPending } from "~db/store/check-figures.server";
import { type FiguresState, readFiguresState, writeFiguresState } from "~db/store/figures-state.server";
import { createCountFigures, windowAt } from "./count-figures.server";
import { createFiguresLease, figuresLock } from "./figures-lease.server";
import { createLimitFigures } from "./limit-figures.server";

const pollIntervalMs = 5_000;

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

/**
 * Keeps the figures of pages that show all tenants: adds check counts they lack, and computes limits again for tenants
 * that something changed for. Works in short transactions, each of which also moves its cursor, so that an end at any
 * instant repeats and loses nothing. One process at a time.
 */
export function createUsageFigures({ db, holder, now, elapsed, log }: Parts) {
  const { readAside: read, tables } = db;
  const lease = createFiguresLease(db, { holder, now, elapsed });
  const counts = createCountFigures(db, { step: lease.step, now });
  const limits = createLimitFigures(db, { step: lease.step, now });
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function begin(): Promise<FiguresState> {
    const fresh: FiguresState = { ...(await limits.start()), sweepAfter: "", resetAfter: null, completedAt: 0 };
    return db.transaction([figuresLock], async (tx) => {
      const known = await readFiguresState(tx, tables);
      if (!known) await writeFiguresState(tx, tables, fresh);
      return known ?? fresh;
    });
  }

  async function isBehind(): Promise<boolean> {
    const state = await readFiguresState(read, tables);
    if (!state || state.resetAfter !== null) return true;
    return (await hasPending(read, tables)) || (await limits.isBehind(state)) || (await hasPastWindows(read, tables, windowAt(now())));
  }

  /** True for the process that keeps the figures also if its cursor can move past changes that it processed. */
  async function isWorkLeft(): Promise<boolean> {
    if (await isBehind()) return true;
    const state = await readFiguresState(read, tables);
    return !state || limits.canMove(state);
  }

  /** Brings the figures up to date with everything committed before it began. */
  async function pass(): Promise<FiguresPass> {
    if (!(await isWorkLeft())) return "nothing";
    await begin();
    const parts = [counts.finishReset, counts.foldAll, limits.followChanges, limits.followTotals, limits.sweep, limits.followClock];
    for (const part of parts) if (!(await part())) return "elsewhere";
    await lease.step(async (_tx, state) => {
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
      const cursor = await limits.totalsNow();
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
      lease.stop();
      await running;
      await lease.giveUp().catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}
export type UsageFigures = ReturnType<typeof createUsageFigures>;
