import { type Executor, executeInThread } from "./sqlite-executor.server";
import { DatabaseUnavailable } from "./unavailable";

/** With two, a quick page does not wait for a slow export. */
const maxThreads = 2;
/** Max statements waiting for a thread; further ones are refused. */
const maxWaitingReads = 1_000;

type Waiting = { sql: string; params: unknown[] | undefined; resolve: (rows: unknown[][]) => void; reject: (error: unknown) => void };

/**
 * Reading threads, each started when all others are busy. A statement is assigned only to an idle thread, so none waits
 * behind a slow one while another thread is free.
 */
export function createReaders(file: string) {
  let threads: Executor[] = [];
  const waiting: Waiting[] = [];
  let isClosed = false;

  function freeThread(): Executor | undefined {
    threads = threads.filter((thread) => thread.isAlive());
    const free = threads.find((thread) => thread.pending() === 0);
    if (free || threads.length === maxThreads) return free;
    const started = executeInThread(file, ["query_only = ON", "trusted_schema = OFF"]);
    threads.push(started);
    return started;
  }

  function runNext(): void {
    const thread = waiting.length > 0 ? freeThread() : undefined;
    const next = thread && waiting.shift();
    if (!thread || !next) return;
    thread.execute(next.sql, next.params).then(next.resolve, next.reject).finally(runNext);
  }

  return {
    execute(sql: string, params?: unknown[]): Promise<unknown[][]> {
      if (isClosed) return Promise.reject(new DatabaseUnavailable("The database is closed."));
      if (waiting.length >= maxWaitingReads) return Promise.reject(new DatabaseUnavailable("Too many reads are waiting."));
      return new Promise((resolve, reject) => {
        waiting.push({ sql, params, resolve, reject });
        runNext();
      });
    },
    /** Finishes what a thread has begun; what still waits is refused. */
    async stop(): Promise<void> {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(new DatabaseUnavailable("The database is closed."));
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}
