import type { Logger } from "pino";
import type { Database } from "~db/database";
import { isReadOnly } from "~db/unavailable";
import { waitAtMost } from "~db/wait-at-most";

/** A process that has not read for this long reads before it answers, in ms. */
export const maxUnconfirmedMs = 2_000;
/** How long a request waits for a read, in ms. Then it is answered from the cache, marked stale. */
export const maxWaitMs = 1_000;
/** Between two attempts while the database cannot be read, in ms. */
const retryMs = 500;

export type Synchronization = ReturnType<typeof createSynchronization>;
/** A monotonic clock in ms. */
export type Elapsed = () => number;

/**
 * Keeps memory up to date with the database. `read` reads what was committed since its last call. It starts when a
 * commit of another process is noticed, and requests wait for it. If there is nothing to read, a request costs two
 * clock readings.
 */
export function createSynchronization(
  db: Pick<Database, "followCommits" | "hasMoved" | "reconnect">,
  log: Logger,
  read: () => Promise<void>,
  elapsed: Elapsed = () => performance.now(),
) {
  let current: Promise<void> | undefined;
  /**
   * The read that starts after `current`, for commits noticed while `current` was running, which it may have missed.
   */
  let next: Promise<void> | undefined;
  /** The reading that requests wait for. Undefined if every noticed commit was read, or memory is marked stale. */
  let waiting: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isStale = false;
  let isStopped = false;
  let isAsked = false;
  /** Start of the last successful read, by both clocks, because the monotonic one stops while a machine sleeps. */
  let confirmedAt = elapsed();
  let confirmedAtDate = Date.now();

  function startReading(): Promise<void> {
    const [at, date] = [elapsed(), Date.now()];
    const mine = read()
      .then(() => {
        confirmedAt = at;
        confirmedAtDate = date;
        // A commit may have been noticed since.
        if (!next) isStale = false;
      }, failed)
      .finally(() => {
        if (current === mine) current = undefined;
      });
    current = mine;
    return mine;
  }

  /** Resolves when everything that was committed before this call was read, or cannot be read. */
  function readNow(): Promise<void> {
    if (!current) return startReading();
    next ??= current.then(() => {
      next = undefined;
      return isStopped ? undefined : startReading();
    });
    return next;
  }

  function failed(error: unknown): void {
    if (isStopped) return;
    if (isReadOnly(error)) db.reconnect();
    if (!isStale) log.error({ err: error }, "the database cannot be read; answering from memory");
    isStale = true;
    retry ??= setTimeout(() => {
      retry = undefined;
      if (!isStopped) void readNow();
    }, retryMs).unref();
  }

  function noteCommit(): void {
    const reading = readNow();
    if (isStale) return;
    const late = () => failed(new Error(`Commits of other processes could not be read within ${maxWaitMs} ms.`));
    const mine = waitAtMost(reading, maxWaitMs, late).finally(() => {
      if (waiting === mine) waiting = undefined;
    });
    waiting = mine;
  }

  const isUnconfirmed = () => elapsed() - confirmedAt > maxUnconfirmedMs || Date.now() - confirmedAtDate > maxUnconfirmedMs;

  /** Checks SQLite once per event-loop turn. */
  function askFile(): void {
    if (isAsked) return;
    isAsked = true;
    setImmediate(() => {
      isAsked = false;
    });
    try {
      if (db.hasMoved()) noteCommit();
    } catch (error) {
      failed(error);
    }
  }

  return {
    /** Call when memory was filled for the first time. */
    start(): void {
      db.followCommits?.((signal) => {
        if (isStopped) return;
        if (signal === "commit") noteCommit();
        else if (!current) void startReading();
      });
    },
    /** Call before answering. Undefined if memory is up to date or marked stale; otherwise a promise to wait for. */
    look(): Promise<void> | undefined {
      if (!db.followCommits) askFile();
      else if (!waiting && !isStale && isUnconfirmed()) noteCommit();
      return waiting;
    },
    /**
     * Like `look`, for everything that was committed before this call: PostgreSQL announces a commit a moment after it.
     */
    confirm(): Promise<void> | undefined {
      if (!db.followCommits) askFile();
      else if (!isStale) noteCommit();
      return waiting;
    },
    readNow,
    failed,
    isStale: () => isStale,
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(retry);
      await (next ?? current);
    },
  };
}
