import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { reportsAreLateAfter } from "~/core/decision/usage";
import { csvUploadRetentionMs } from "~/core/import/csv-params";
import type { Instant } from "~/core/model";
import { day, hour, isoDay } from "~/core/time";
import type { Database } from "~db/database";
import { answersAreKept } from "~db/store/idempotency.server";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { deletingSome, findOldRows, isThere } from "~db/store/old-rows.server";

/** A usage event may be repeated until it is too old; one more day for clock skew and requests in flight. */
export const reportsAreKept = reportsAreLateAfter + day;
/** How long another process may be stalled before it can no longer catch up. */
export const feedIsKept = 7 * day;
/** The same for changes not yet sent to PostHog. */
export const unsentRetentionMs = 90 * day;
/** Events, deliveries and notices. */
export const webhooksAreKept = 30 * day;

/** What became of each tenant of a bulk act. The audit log has its changes for longer. */
export const jobsAreKept = 90 * day;
/** The audit log has who decided them for longer. */
export const requestsAreKept = 365 * day;
/** A preview is out of date soon after it was made. */
export const previewsAreKept = day;
const every = hour;
const first = 60_000;
const leaseName = "old rows";
const leaseTtl = 60_000;
/** Rows per statement, and the pause between statements for other writers, in ms. */
const batchSize = 1_000;
const pause = 20;

type Parts = {
  db: Database;
  checkCountsAreKept: number;
  holder: string;
  now: () => Instant /** In ms, monotonic. */;
  elapsed: () => number;
  log: Logger;
};

/**
 * Deletes expired rows in small batches, one process at a time. Facts, grants, the audit log and usage totals are never
 * deleted, because point-in-time answers need them.
 */
export function createCleaning({ db, checkCountsAreKept, holder, now, elapsed, log }: Parts) {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let cleanedAt: Instant | null = null;

  const agesAt = (at: Instant) => ({
    reports: at - reportsAreKept,
    answers: at - answersAreKept,
    now: at,
    signInCounts: at,
    previews: at - previewsAreKept,
    jobs: at - jobsAreKept,
    csvUploads: at - csvUploadRetentionMs,
    requests: at - requestsAreKept,
    feed: at - feedIsKept,
    unsentFeed: at - unsentRetentionMs,
    checkDay: isoDay(at - checkCountsAreKept),
    webhooks: at - webhooksAreKept,
  });

  /** Returns deleted rows by kind, or null if another process holds the lease. */
  async function clean(most = batchSize): Promise<Record<string, number> | null> {
    const done: Record<string, number> = {};
    const found = await findOldRows(db.readAside, db.tables, agesAt(now()));
    let leaseUntil = 0;
    for (const old of found) {
      do {
        if (stopping.signal.aborted) break;
        if (leaseUntil - elapsed() < leaseTtl / 2) {
          if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return null;
          leaseUntil = elapsed() + leaseTtl;
        }
        await db.aside((q) => deletingSome(q, old, most));
        done[old.what] = (done[old.what] ?? 0) + 1;
        await wait(pause, undefined, { signal: stopping.signal }).catch(() => {});
      } while (await isThere(db.readAside, old));
    }
    if (leaseUntil > 0) await giveUpLease(db, leaseName, holder);
    cleanedAt = now();
    return done;
  }

  function run(): void {
    running ??= clean()
      .then(
        (done) => {
          if (done && Object.keys(done).length > 0) log.info({ statements: done }, "deleted what is no longer needed");
        },
        (err) => log.warn({ err }, "what is no longer needed was not deleted; trying again in an hour"),
      )
      .finally(() => {
        running = undefined;
      });
  }

  return {
    clean,
    /** The last time this process deleted old rows, or null. */
    cleanedAt: () => cleanedAt,
    start(): void {
      timer = setTimeout(() => {
        run();
        timer = setInterval(run, every).unref();
      }, first).unref();
    },
    async stop(): Promise<void> {
      clearTimeout(timer);
      stopping.abort();
      await running;
    },
  };
}
export type Cleaning = ReturnType<typeof createCleaning>;
