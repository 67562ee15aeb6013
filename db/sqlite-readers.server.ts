import { type Executor, executeInThread } from "./sqlite-executor.server";
import { DatabaseUnavailable } from "./unavailable";

/** With two, a quick page is not behind a slow export. */
const maxThreads = 2;
/** Statements that may wait for a thread; more are refused. */
const maxWaitingReads = 1_000;

/** Threads that only read, each started when the ones before it have work. */
export function createReaders(file: string) {
  let threads: Executor[] = [];
  let isClosed = false;

  function quietest(): Executor {
    threads = threads.filter((thread) => thread.isAlive());
    const found = threads.reduce<Executor | undefined>((a, b) => (a && a.pending() <= b.pending() ? a : b), undefined);
    if (found && (found.pending() === 0 || threads.length === maxThreads)) return found;
    const started = executeInThread(file, ["query_only = ON", "trusted_schema = OFF"]);
    threads.push(started);
    return started;
  }

  return {
    async execute(sql: string, params?: unknown[]): Promise<unknown[][]> {
      if (isClosed) throw new DatabaseUnavailable("The database is closed.");
      const thread = quietest();
      if (thread.pending() >= maxWaitingReads) throw new DatabaseUnavailable("Too many reads are waiting.");
      return thread.execute(sql, params);
    },
    async stop(): Promise<void> {
      isClosed = true;
      await Promise.all(threads.map((thread) => thread.stop()));
    },
  };
}
