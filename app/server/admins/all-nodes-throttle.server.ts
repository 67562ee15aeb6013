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
    /** Loads the limiter, so that the first sign-in does not wait for it. */
    load: async (): Promise<void> => void (await shared?.load().catch(nullIfUnavailable)),
    mayNoteFailure: () => local.mayNoteFailure(elapsed()),
    /**
     * Counts a try. Returns 0, the wait in ms, or null if it could not be counted. The try must be refused unless 0.
     */
    async take(tried: Try): Promise<number | null> {
      const wait = local.take(tried, elapsed());
      if (wait > 0 || !shared) return wait;
      const sharedWait = await shared.take(tried).catch(nullIfUnavailable);
      if (sharedWait === null) local.forget(tried, elapsed());
      else if (sharedWait > 0) local.takeBack(tried, elapsed());
      return sharedWait;
    },
    /** The password was correct. */
    async succeeded(tried: Try): Promise<void> {
      local.succeeded(tried, elapsed());
      await shared?.succeeded(tried);
    },
    /**
     * The password was not checked: the try is no failure, but still counts for its network. If the database is away,
     * it stays counted for an hour.
     */
    async takeBack(tried: Try): Promise<void> {
      local.takeBack(tried, elapsed());
      await shared?.takeBack(tried).catch(nullIfUnavailable);
    },
  };
}

function nullIfUnavailable(error: unknown): null {
  if (isUnavailable(error)) return null;
  throw error;
}
