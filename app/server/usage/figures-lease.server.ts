import type { Instant } from "~/core/model";
import type { Database, Lock, Queries } from "~db/database";
import { type FiguresState, readFiguresState, writeFiguresState } from "~db/store/figures-state.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";

const leaseName = "usage figures";
/** Longer than one batch with its reads and writes, in ms. */
const leaseTtl = 30_000;

export const figuresLock: Lock = { key: "usage figures" };

type Parts = {
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
};

/** Writes of the one process that keeps the figures. */
export function createFiguresLease(db: Database, { holder, now, elapsed }: Parts) {
  const { tables } = db;
  let leaseUntil = 0;
  let isStopped = false;

  /** Runs a write of the lease's holder. `work` may change the state. Undefined if the lease was lost, or to be reset first. */
  async function step<T>(work: (tx: Queries, state: FiguresState) => Promise<T>, { duringReset = false } = {}): Promise<T | undefined> {
    if (isStopped) return undefined;
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

  return {
    step,
    /** Ends all steps. */
    stop(): void {
      isStopped = true;
    },
    async giveUp(): Promise<void> {
      if (leaseUntil > 0) await giveUpLease(db, leaseName, holder);
    },
  };
}
export type FiguresLease = ReturnType<typeof createFiguresLease>;
