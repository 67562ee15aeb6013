import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http, { type ClientRequest, type OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { findAbove } from "~/server/find-above.server";
import { createLogOutput } from "~/server/logging/log-output.server";
import { forwardLines } from "./forward-lines.server";
import type { PageAnswers, PageMessage, PageOrder, PageQuestion } from "./page-messages";
import { socketIn } from "./private-folder.server";
import { pageNodeOptions } from "./runtime-tuning.server";

/** Delay before an ended process is started again, in ms. It doubles while the process ends before it is ready. */
const minRestartMs = 250;
const maxRestartMs = 15_000;
/** How long a start waits for the pages, and a stop for their last answers, in ms. */
const maxStartMs = 30_000;
const maxStopMs = 5_000;

type Needs = {
  log: Logger;
  writeLog: (line: string) => void;
  wake: () => void;
  answer: (question: PageQuestion) => Promise<PageAnswers[PageQuestion["kind"]]>;
};

type PageOptions = { method: string; path: string | undefined; headers: OutgoingHttpHeaders };

export type PageSupervisor = ReturnType<typeof createPageSupervisor>;

/** Starts the page process and starts it again when it ends. It loads at once and opens the database on `start`. */
export function createPageSupervisor(folder: string, file = findAbove("pages.js")) {
  const stderr = createLogOutput(2);
  const socketPath = socketIn(folder, "pages");
  // Its connections are never closed for being idle, so a request never meets one that is being closed.
  const agent = new http.Agent({ keepAlive: true });
  let needs: Needs | undefined;
  let child: ChildProcess | undefined;
  let isReady = false;
  let isStopping = false;
  let restartMs = minRestartMs;
  let restart: NodeJS.Timeout | undefined;
  let holds = 0;
  let onFirst = () => {};

  const tell = (order: PageOrder, to = child) => to?.connected && to.send(order, () => {});

  async function answer({ id, question }: Extract<PageMessage, { kind: "ask" }>, from: ChildProcess): Promise<void> {
    try {
      tell({ kind: "answer", id, result: (await needs?.answer(question)) ?? null }, from);
    } catch (error) {
      tell({ kind: "failed", id, error: error as Error }, from);
    }
  }

  function onMessage(message: PageMessage, from: ChildProcess): void {
    if (message.kind === "ask") void answer(message, from);
    else if (message.kind === "wake") needs?.wake();
    else {
      isReady = true;
      restartMs = minRestartMs;
      onFirst();
    }
  }

  function onClose(code: number | null, signal: NodeJS.Signals | null): void {
    child = undefined;
    isReady = false;
    agent.destroy();
    onFirst();
    if (isStopping) return;
    needs?.log.error({ code, signal, restartMs }, "the page process has ended and is started again");
    restart = setTimeout(load, restartMs).unref();
    restartMs = Math.min(restartMs * 2, maxRestartMs);
  }

  function load(): void {
    if (file === null) throw new Error("The file pages.js is missing. Build again with: npm run build");
    const started = fork(file, [folder], {
      serialization: "advanced",
      execArgv: [...process.execArgv, ...pageNodeOptions],
      // Not inherited, for the reason given in worker.server.ts.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    started.unref();
    started.channel?.unref();
    forwardLines(started.stdout, (line) => needs?.writeLog(line));
    forwardLines(started.stderr, stderr.write);
    started.on("message", (message: PageMessage) => onMessage(message, started));
    started.on("error", (err) => needs?.log.error({ err }, "the page process could not be started or told"));
    started.on("close", onClose);
    child = started;
    if (needs) tell({ kind: "open" });
  }

  load();
  return {
    /** Opens the database, which is migrated by now. Resolves when pages are answered, or cannot be for the moment. */
    async start(given: Needs): Promise<void> {
      needs = given;
      if (isReady) return;
      const first = new Promise<void>((resolve) => {
        onFirst = resolve;
      });
      tell({ kind: "open" });
      const late = setTimeout(onFirst, maxStartMs);
      // Nothing else keeps the process running before it listens.
      await first.finally(() => clearTimeout(late));
    },
    /** Begins a request to the page process, or returns null while there is none. */
    request: ({ method, path, headers }: PageOptions): ClientRequest | null =>
      isReady ? http.request({ agent, socketPath, method, path, headers, setHost: false }) : null,
    /** Delays the writes of the page process until `over`. */
    holdWrites(over: Promise<void>): void {
      const number = ++holds;
      const held = child;
      tell({ kind: "hold", number }, held);
      void over.then(() => tell({ kind: "release", number }, held));
    },
    /** New flag definitions are in the database. */
    noteDefinitions: () => void tell({ kind: "definitions" }),
    /** Call when no request is under way. */
    async stop(): Promise<void> {
      isStopping = true;
      clearTimeout(restart);
      const stopped = child;
      if (!stopped) return;
      const closed = once(stopped, "close");
      stopped.ref();
      for (const stream of [stopped.stdout, stopped.stderr]) (stream as Socket | null)?.ref();
      tell({ kind: "stop" }, stopped);
      const late = setTimeout(() => stopped.kill("SIGKILL"), maxStopMs);
      await closed;
      clearTimeout(late);
    },
  };
}
