import { RateLimiterDrizzle } from "rate-limiter-flexible";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type SignInCounters = ReturnType<typeof signInCounters>;

/**
 * Counts that all nodes on one PostgreSQL share. Each is raised in one atomic statement, and resets when its time is
 * over, by the wall clock.
 */
export function signInCounters(q: Queries, t: Schema) {
  // Limits and durations are given with each key. Expired rows are deleted with those of other tables.
  const unused = { points: 1, duration: 1, clearExpiredByTimeout: false };
  const limiter = new RateLimiterDrizzle({ ...unused, storeClient: q, schema: t.signInCounts, keyPrefix: "" });
  return {
    /** Returns the count, this one included, and the ms until it resets. `ms`: how long a new count lasts. */
    async raise(key: string, ms: number): Promise<{ count: number; endsIn: number }> {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key, 1, { customDuration: ms / 1000 });
      return { count: consumedPoints, endsIn: msBeforeNext };
    },
    /** Never below zero, which would allow more later. */
    async lower(key: string, ms: number): Promise<void> {
      const { consumedPoints } = await limiter.reward(key, 1, { customDuration: ms / 1000 });
      if (consumedPoints < 0) await limiter.penalty(key, 1);
    },
    /** The limiter imports drizzle-orm at its first query, which takes about 90 ms. */
    load: async (): Promise<void> => void (await limiter.get("")),
    clear: async (key: string): Promise<void> => void (await limiter.delete(key)),
  };
}
