import type { Database } from "~db/database";
import { writeSetting } from "~db/store/settings.server";
import { isWaiting } from "~db/unavailable";
import { waitAtMost } from "~db/wait-at-most";

/** How long a result is used, in ms. */
const maxAgeMs = 2_000;
/** How long a caller waits for a new result, in ms. The write itself continues. */
const maxWaitMs = 1_000;

export type WriteProbe = ReturnType<typeof createWriteProbe>;

/**
 * Checks whether the database is writable by writing one small row, at most every few seconds and only on request. A
 * write that waits for a lock or its turn is no evidence: the previous result remains.
 */
export function createWriteProbe(db: Database, clock = () => performance.now()) {
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown = null;
  let running: Promise<void> | undefined;

  async function tryToWrite(): Promise<void> {
    try {
      await db.transaction([], (tx) => writeSetting(tx, db.tables, "write probe", true));
      failure = null;
    } catch (error) {
      if (!isWaiting(error)) failure = error;
    } finally {
      triedAt = clock();
      running = undefined;
    }
  }

  return {
    /** Throws why no write is possible. */
    async check(): Promise<void> {
      if (clock() - triedAt >= maxAgeMs) {
        running ??= tryToWrite();
        await waitAtMost(running, maxWaitMs);
      }
      if (failure !== null) throw failure;
    },
  };
}
