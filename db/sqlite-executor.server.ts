import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import type { Queries } from "./database";
import { createStatements } from "./sqlite-statements.server.mjs";
import { DatabaseUnavailable } from "./unavailable";

/** Runs statements of one connection in order, in this thread or another. */
export type Executor = {
  /** Rows as arrays of columns. Statements run in the order they were given, awaited or not. */
  execute(sql: string, params?: unknown[]): Promise<unknown[][]>;
  isAlive(): boolean;
  /** Number of unfinished statements. */
  pending(): number;
  /** Finishes earlier statements first. */
  stop(): Promise<void>;
};

type Answer = { id: number; rows?: unknown[][]; error?: { message: string; code?: string } };

/** Runs statements synchronously, for commands and tests. */
export function executeHere(connection: Sqlite.Database): Executor {
  const run = createStatements(connection);
  return {
    execute: async (sql, params = []) => run(sql, params),
    isAlive: () => true,
    pending: () => 0,
    stop: async () => void connection.close(),
  };
}

/** Runs statements on a separate connection in a thread. Does not keep the process alive. */
export function executeInThread(file: string, settings: string[]): Executor {
  const worker = new Worker(workerFile(), { workerData: { file, settings } });
  worker.unref();
  const waiting = new Map<number, { resolve: (rows: unknown[][]) => void; reject: (error: Error) => void }>();
  let last = 0;
  let isAlive = true;

  worker.on("message", ({ id, rows, error }: Answer) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error) asker?.reject(errorOf(error));
    else asker?.resolve(rows ?? []);
  });
  const end = (cause?: unknown) => {
    isAlive = false;
    for (const { reject } of waiting.values())
      reject(new DatabaseUnavailable("The thread that works with the database has ended.", { cause }));
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", () => end());

  return {
    execute(sql, params = []) {
      return new Promise((resolve, reject) => {
        if (!isAlive) return reject(new DatabaseUnavailable("The thread that works with the database has ended."));
        const id = ++last;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, sql, params });
      });
    },
    isAlive: () => isAlive,
    pending: () => waiting.size,
    async stop() {
      if (!isAlive) return;
      const exited = once(worker, "exit");
      worker.ref();
      worker.postMessage("stop");
      await exited;
    },
  };
}

/** Drizzle query builders over an executor. */
export function queriesOver(execute: Executor["execute"]): Queries {
  const run = async (sql: string, params: unknown[], method: string) => {
    const rows = await execute(sql, params);
    return { rows: method === "get" ? (rows[0] as unknown[]) : rows };
  };
  return drizzle(run) as unknown as Queries;
}

function errorOf({ message, code }: { message: string; code?: string }): Error {
  return code?.startsWith("SQLITE_") ? new Sqlite.SqliteError(message, code) : Object.assign(new Error(message), code && { code });
}

/** Next to this file in the sources, next to the server in the build. */
function workerFile(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const found = ["sqlite-worker.server.mjs", "sqlite-worker.js"].map((name) => path.join(folder, name)).find(existsSync);
    if (found) return found;
    if (folder === path.dirname(folder)) throw new Error("The file sqlite-worker.js is missing. Build again with: npm run build");
  }
}
