import type { Instant } from "~/core/model";
import { day, isoDay } from "~/core/time";
import type { Database } from "~db/database";
import { foldCheckCounts, moveWindows, resetCounts, type Window } from "~db/store/check-figures.server";
import type { FiguresLease } from "./figures-lease.server";

/** Count rows per transaction, for which other writers wait some hundredths of a second. */
const countBatchSize = 1_000;
const tenantBatchSize = 100;
/** The window of `tenant_stats`. */
export const statsDays = 30;

export const windowAt = (now: Instant): Window => ({ first: isoDay(now - (statsDays - 1) * day), today: isoDay(now) });

type Parts = { step: FiguresLease["step"]; now: () => Instant };

/** Adds check counts to the sums per day and tenant. Each part is false if another process does it now. */
export function createCountFigures({ tables }: Database, { step, now }: Parts) {
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

  return { finishReset, foldAll };
}
