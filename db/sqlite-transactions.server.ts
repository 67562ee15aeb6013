import { setTimeout as wait } from "node:timers/promises";
import { lockTimeoutMs, maxWaitingWrites, type Queries, type TransactionOptions } from "./database";
import { insideTransaction } from "./inside-transaction.server";
import { isBusy } from "./sqlite-busy.server";
import { type Executor, queriesOver } from "./sqlite-executor.server";
import { DatabaseBusy, DatabaseUnavailable, isUnavailable, TooManyWrites } from "./unavailable";

/** Max transactions per commit, and how long further ones may join, in ms. */
const maxBatch = 64;
const maxBatchMs = 25;
/** Pause between attempts while another process holds the file, in ms. */
const maxPauseMs = 50;

type Waiting = {
  work: (tx: Queries) => Promise<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  askedAt: number;
};

/**
 * The queue of writes. Waiting transactions share one BEGIN and COMMIT, each in its own savepoint: a failing one rolls
 * back only its own writes, and each is answered after the commit. In a serving process the executor runs on another
 * thread, so waiting for the disk blocks no check.
 */
export function createTransactions(executor: () => Executor) {
  const inside = insideTransaction();
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let batching: Promise<void> | undefined;
  let holding: Promise<unknown> | undefined;
  let delayedUntil = 0;
  let isClosed = false;
  const commits = { begun: 0, done: 0 };
  /** One executor per batch; replaced if it has ended. */
  let current = executor();
  const execute: Executor["execute"] = (sql, params) => current.execute(sql, params);
  const queries = queriesOver(execute);

  function transaction<T>(work: (tx: Queries) => Promise<T>, { askedAt = performance.now() }: TransactionOptions = {}): Promise<T> {
    inside.refuse();
    if (isClosed) return Promise.reject(new DatabaseUnavailable("The database is closed."));
    if (waiting.length >= maxWaitingWrites) return Promise.reject(new TooManyWrites());
    return new Promise<T>((resolve, reject) => {
      waiting.push({ work, resolve: resolve as (result: unknown) => void, reject, askedAt: Math.max(askedAt, delayedUntil) });
      start();
    });
  }

  function start(): void {
    running ??= runAll().finally(() => {
      running = undefined;
      if (waiting.length > 0) start();
    });
  }

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      while (holding) await holding;
      batching = begin().then((isOpen) => (isOpen ? runBatch() : undefined));
      await batching;
      // Lets waiting requests run between batches.
      await new Promise(setImmediate);
    }
  }

  /** False if no transaction waits any longer, because each timed out. */
  async function begin(): Promise<boolean> {
    for (let pause = 1; waiting.length > 0; pause = Math.min(pause * 2, maxPauseMs)) {
      try {
        current = executor();
        await execute("BEGIN IMMEDIATE");
        return true;
      } catch (error) {
        if (isBusy(error)) refuseOverdue(error);
        else for (const { reject } of waiting.splice(0)) reject(unavailable(error));
      }
      await wait(pause + Math.random() * pause);
    }
    return false;
  }

  function refuseOverdue(cause: unknown): void {
    const overdue = performance.now() - lockTimeoutMs;
    const isOverdue = (one: Waiting) => one.askedAt <= overdue;
    for (const { reject } of waiting.filter(isOverdue)) reject(busy(cause));
    waiting = waiting.filter((one) => !isOverdue(one));
  }

  async function runBatch(): Promise<void> {
    const until = performance.now() + maxBatchMs;
    const batch: { one: Waiting; settle: () => void }[] = [];
    try {
      while (waiting.length > 0 && batch.length < maxBatch && performance.now() < until) {
        const one = waiting.shift() as Waiting;
        const entry = { one, settle: () => {} };
        batch.push(entry);
        entry.settle = await runOne(one);
      }
      commits.begun += 1;
      await execute("COMMIT").finally(() => {
        commits.done += 1;
      });
    } catch (error) {
      await execute("ROLLBACK").catch(() => {}); // SQLite may have rolled back itself, as on a full disk.
      for (const { one } of batch) one.reject(unavailable(error));
      return;
    }
    for (const { settle } of batch) settle();
  }

  /** Runs one transaction in a savepoint. Rejects if the whole batch must end. */
  async function runOne({ work, resolve, reject }: Waiting): Promise<() => void> {
    const savepoint = execute("SAVEPOINT one");
    savepoint.catch(() => {}); // seen below
    try {
      const result = await inside.run(() => work(queries));
      await Promise.all([savepoint, execute("RELEASE one")]);
      return () => resolve(result);
    } catch (error) {
      await Promise.all([savepoint, execute("ROLLBACK TO one"), execute("RELEASE one")]).catch(() => {
        throw error;
      });
      return () => reject(unavailableOr(error));
    }
  }

  return {
    transaction,
    refuseInside: inside.refuse,
    /** Inside a transaction only. */
    execute,
    /** Reads one value on the writing connection between statements. */
    async ask(sql: string): Promise<unknown> {
      return (await current.execute(sql))[0]?.[0];
    },
    commits,
    isIdle: () => running === undefined && holding === undefined,
    /** Starts no write of this process until `work` is done. Timeouts of waiting writes start afterwards. */
    hold<T>(work: () => Promise<T>): Promise<T> {
      inside.refuse();
      const before = holding;
      const turn = async () => {
        await before;
        await batching;
        return work();
      };
      const result = turn();
      const mine: Promise<unknown> = result
        .catch(() => {})
        .then(() => {
          if (holding === mine) holding = undefined;
          delayedUntil = performance.now();
          for (const one of waiting) one.askedAt = delayedUntil;
        });
      holding = mine;
      return result;
    },
    /** Resolves when all queued writes are done. */
    async close(): Promise<void> {
      isClosed = true;
      while (running) await running;
      await current.stop();
    },
  };
}

const busy = (cause: unknown) => new DatabaseBusy("Another program holds the database.", { cause });
const unavailable = (cause: unknown) => new DatabaseUnavailable("The database cannot be written at the moment.", { cause });
/** Maps an error whose cause, at any depth, is an unavailable database. */
const unavailableOr = (error: unknown) => (isUnavailable(error) && !(error instanceof DatabaseUnavailable) ? unavailable(error) : error);
