import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** `lockPatience`: how long the thread waits for others who write, in milliseconds. */
type ThreadData = { file: string; settings: string[]; lockPatience: number };
type Answer = { id: number; error?: { message: string; code?: string } };

export type Thread = ReturnType<typeof startThread>;

/** A second connection in a thread of its own, for writes that nobody waits for. It keeps no process alive. */
export function startThread(workerData: ThreadData) {
  const worker = new Worker(threadFile(), { workerData });
  worker.unref();
  const waiting = new Map<number, (error?: Error) => void>();
  let last = 0;
  let isAlive = true;

  worker.on("message", ({ id, error }: Answer) => {
    const done = waiting.get(id);
    waiting.delete(id);
    done?.(error && Object.assign(new Error(error.message), { code: error.code }));
  });
  const end = (cause?: unknown) => {
    isAlive = false;
    for (const done of waiting.values()) done(new Error("The thread that writes aside has ended.", { cause }));
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", () => end());

  return {
    isAlive: () => isAlive,
    /** Once with each list of parameters, all in one transaction. */
    run(sql: string, lists: unknown[][]): Promise<void> {
      return new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, (error) => (error ? reject(error) : resolve()));
        worker.postMessage({ id, sql, lists });
      });
    },
    /** What it was given before is written before. */
    async stop(): Promise<void> {
      if (!isAlive) return;
      const exited = once(worker, "exit");
      worker.ref();
      worker.postMessage("stop");
      await exited;
    },
  };
}

/** Beside this file in the sources, beside the server in its build. */
function threadFile(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const found = ["sqlite-writer.server.mjs", "sqlite-writer.js"].map((name) => path.join(folder, name)).find(existsSync);
    if (found) return found;
    if (folder === path.dirname(folder)) throw new Error("The file sqlite-writer.js is missing. Build again with: npm run build");
  }
}
