import limitTo, { type LimitFunction } from "p-limit";
import type { Instant } from "~/core/model";
import { shortHash } from "~/server/random.server";
import { type Database, lockTimeoutMs } from "~db/database";
import { type SignInCounters, signInCounters } from "~db/store/sign-in-counts.server";
import { TooManyWrites } from "~db/unavailable";
import { networkLimits, networkOf, sharedLimits } from "./sign-in-limits";
import { accountOf, sourceOf, type Try } from "./sign-in-throttle.server";

/** Transactions at a time, and tries that wait for one: a flood of strangers must not delay other writes. */
const maxRunning = 2;
const maxWaiting = 100;

/** Hashed, so that keys have a bounded length and the table holds no addresses or accounts in plain text. */
const keyOf = (...parts: (string | number)[]) => shortHash(parts.join("\n"));

const { spanMs } = sharedLimits;
const accountKey = (tried: Try) => keyOf("account", accountOf(tried));
const sourceKey = (tried: Try) => keyOf("source", sourceOf(tried));

/** Fixed windows aligned to the clock, so that all nodes agree. */
const windowsOf = (tried: Try, at: Instant) =>
  networkLimits.map((limit) => {
    const index = Math.floor(at / limit.spanMs);
    return { ...limit, key: keyOf("network", limit.spanMs, index, networkOf(tried.ip)), endsAt: (index + 1) * limit.spanMs };
  });

/**
 * Counts the tries that each node on its own would allow, for all nodes on one PostgreSQL. Rejects with
 * DatabaseUnavailable, and then nothing may be tried.
 */
export function createSharedSignInCounts(db: Database, now: () => Instant) {
  const [strangers, known] = [limitTo(maxRunning), limitTo(maxRunning)];

  const queueOf = (tried: Try) => (tried.device || tried.isSignedIn ? known : strangers);
  async function inTransaction<T>(queue: LimitFunction, work: (counters: SignInCounters) => Promise<T>): Promise<T> {
    if (queue.pendingCount >= maxWaiting) throw new TooManyWrites();
    const askedAt = performance.now();
    return queue(() => {
      // Where each transaction waits for a database that is away, the last in the queue would wait for minutes.
      if (performance.now() - askedAt > lockTimeoutMs) throw new TooManyWrites();
      return db.transaction([], (tx) => work(signInCounters(tx, db.tables)), { askedAt });
    });
  }

  return {
    load: () => signInCounters(db.read, db.tables).load(),
    /** Returns 0, or the wait in ms, in which case the try must be refused. */
    take: (tried: Try): Promise<number> =>
      inTransaction(queueOf(tried), async (counters) => {
        const at = now();
        let wait = 0;
        let isUnderAttack = false;
        if (!tried.device) {
          for (const { key, spanMs, tries, endsAt } of windowsOf(tried, at)) {
            const { count } = await counters.raise(key, spanMs);
            if (count > tries) wait = Math.max(wait, endsAt - at);
          }
          if (wait > 0) return wait;
          isUnderAttack = (await counters.raise(accountKey(tried), spanMs)).count > sharedLimits.attackFailures;
        }
        const { count, endsIn } = await counters.raise(sourceKey(tried), spanMs);
        if (count <= (isUnderAttack ? sharedLimits.triesUnderAttack : sharedLimits.tries)) return 0;
        if (!tried.device) await counters.lower(accountKey(tried), spanMs);
        return Math.max(1, endsIn);
      }),
    /** Uses the queue of known callers: the password was correct. */
    succeeded: (tried: Try): Promise<void> =>
      inTransaction(known, async (counters) => {
        if (!tried.device) {
          for (const { key, spanMs } of windowsOf(tried, now())) await counters.lower(key, spanMs);
          await counters.lower(accountKey(tried), spanMs);
        }
        await counters.clear(sourceKey(tried));
      }),
    takeBack: (tried: Try): Promise<void> =>
      inTransaction(queueOf(tried), async (counters) => {
        if (!tried.device) await counters.lower(accountKey(tried), spanMs);
        await counters.lower(sourceKey(tried), spanMs);
      }),
  };
}
