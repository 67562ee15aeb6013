import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { isUnavailable } from "~db/unavailable";
import { createSharedSignInCounts } from "./shared-sign-in-counts.server";
import { createSignInThrottle, type Try } from "./sign-in-throttle.server";

/** Shown if the database is away or too many tries wait for it; the password was not checked. */
export const notCounted = "Tries cannot be counted just now. Try again in a few seconds.";

export type AllNodesThrottle = ReturnType<typeof createAllNodesThrottle>;

/**
 * The throttle of this process, and on PostgreSQL a count for all nodes behind it. What this process refuses costs no
 * query.
 */
export function createAllNodesThrottle(db: Database, now: () => Instant, elapsed: () => number) {
  const local = createSignInThrottle();
  const shared = db.engine === "postgres" ? createSharedSignInCounts(db, now) : null;
  return {
    /** Does at start what the first sign-in would wait for. */
    load: async (): Promise<void> => void (await shared?.load().catch(nullIfUnavailable)),
    mayNoteFailure: () => local.mayNoteFailure(elapsed()),
    /**
     * Counts an attempt. Returns 0, or the wait in ms. Null if it could not be counted. The attempt must be refused
     * unless 0.
     */
    async take(tried: Try): Promise<number | null> {
      const wait = local.take(tried, elapsed());
      if (wait > 0 || !shared) return wait;
      const sharedWait = await shared.take(tried).catch(nullIfUnavailable);
      if (sharedWait !== 0) local.takeBack(tried);
      return sharedWait;
    },
    /** The password was correct. */
    async succeeded(tried: Try): Promise<void> {
      local.succeeded(tried, elapsed());
      await shared?.succeeded(tried);
    },
    /** Reverts an attempt that was not checked. If the database is away, it stays counted for an hour. */
    async takeBack(tried: Try): Promise<void> {
      local.takeBack(tried);
      await shared?.takeBack(tried).catch(nullIfUnavailable);
    },
  };
}

function nullIfUnavailable(error: unknown): null {
  if (isUnavailable(error)) return null;
  throw error;
}
