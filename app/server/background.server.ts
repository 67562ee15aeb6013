import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { Actor } from "~/core/model";
import type { Order, Word } from "./background-messages";
import type { Applied, ExpectedRevision, FileText, Previewed } from "./import.server";

/** A thread that ended by itself is started again after this long, in milliseconds. */
const restartAfter = 1_000;

export type Background = ReturnType<typeof createBackground>;

/**
 * A thread for what would keep a check waiting: long imports, and sending tenants' groups to PostHog. Its work is durable, so a
 * thread that dies loses nothing but the answer to an import, which has been written whole or not at all.
 */
export function createBackground(log: Logger, onTrouble: (error: Error, sentence: string) => void, file = threadFile()) {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let worker: Worker | undefined;
  let last = 0;
  let isStopping = false;

  function hear(word: Word): void {
    if (word.kind === "trouble") {
      onTrouble(word.error, word.sentence);
      return;
    }
    const asker = waiting.get(word.id);
    waiting.delete(word.id);
    if (word.kind === "done") asker?.resolve(word.result);
    else asker?.reject(word.error);
  }

  function start(script: string): void {
    const started = new Worker(script);
    started.unref();
    started.on("message", hear);
    // What it logs as trouble it tells as well; of this it can say nothing any more.
    started.on("error", (error) => {
      log.error({ err: error }, "the background thread failed");
      onTrouble(error, "the background thread failed");
    });
    started.on("exit", () => {
      worker = undefined;
      for (const { reject } of waiting.values()) reject(new Error("The background thread has ended."));
      waiting.clear();
      if (!isStopping) setTimeout(() => start(script), restartAfter).unref();
    });
    worker = started;
  }

  const tell = (order: Order) => worker?.postMessage(order);

  function ask<T>(order: (id: number) => Order): Promise<T> {
    if (!worker) return Promise.reject(new Error("The background thread is being started again."));
    return new Promise<T>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      tell(order(id));
    });
  }

  return {
    /** False: there is no such thread where the program runs from its sources, and everything is done in place. */
    start(): boolean {
      if (file) start(file);
      return file !== null;
    },
    isOn: () => worker !== undefined,
    wake: () => tell({ kind: "wake" }),
    preview: (file: FileText) => ask<Previewed>((id) => ({ kind: "preview", id, file })),
    import: (file: FileText, actor: Actor, expectedRevision: ExpectedRevision) =>
      ask<Applied>((id) => ({ kind: "import", id, file, actor, expectedRevision })),
    async stop(): Promise<void> {
      isStopping = true;
      if (!worker) return;
      const exited = once(worker, "exit");
      worker.ref();
      tell({ kind: "stop" });
      await exited;
    },
  };
}

/** Beside the server's own build. */
function threadFile(): string | null {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, "background.js");
    if (existsSync(file)) return file;
    if (folder === path.dirname(folder)) return null;
  }
}
