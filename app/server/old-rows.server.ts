import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { reportsAreLateAfter } from "~/core/usage";
import type { Database } from "~db/database";
import { answersAreKept } from "~db/store/idempotency.server";
import { giveUpLease, takeLease } from "~db/store/leases.server";
import { deletingSome, findOldRows, isThere } from "~db/store/old-rows.server";

const hour = 3_600_000;
const day = 24 * hour;
/** A report may come again until it is too late for it; a day more for clocks, and for what is being sent. */
const reportsAreKept = reportsAreLateAfter + day;
/** How long another process may be held up before it can no longer read what it missed. */
export const feedIsKept = 7 * day;
/** The same for what PostHog has still to be told. */
const untoldIsKept = 90 * day;

const every = hour;
const first = 60_000;
const leaseName = "old rows";
const leaseTtl = 60_000;
/** Rows of one statement, and what others who write get between two of them, in milliseconds. */
const atOnce = 1_000;
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
 * Deletes what nobody needs any more, one process at a time, a little at a time. Facts documents, grants, the audit log and
 * what was consumed are never deleted: they answer what was so on any day.
 */
export function createCleaning({ db, checkCountsAreKept, holder, now, elapsed, log }: Parts) {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const agesAt = (at: Instant) => ({
    reports: at - reportsAreKept,
    answers: at - answersAreKept,
    feed: at - feedIsKept,
    feedUntold: at - untoldIsKept,
    checkDay: new Date(at - checkCountsAreKept).toISOString().slice(0, 10),
  });

  /** Statements by what they deleted; null: another process does it. */
  async function clean(most = atOnce): Promise<Record<string, number> | null> {
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
