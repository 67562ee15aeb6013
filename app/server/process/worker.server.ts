import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { RightWithdrawn } from "~/server/authority.server";
import { findAbove } from "~/server/find-above.server";
import { createLogOutput } from "~/server/logging/log-output.server";
import { forwardLines } from "./forward-lines.server";
import { workerNodeOptions } from "./runtime-tuning.server";
import type { WorkerMessage, WorkerRequest } from "./worker-messages";
import { type AskWorker, workerOrders } from "./worker-orders";

/** Delay before an ended process is restarted, in ms. */
const restartAfter = 1_000;

export type Background = ReturnType<typeof createBackground>;

/**
 * Runs work that would delay checks in a separate process: imports, exports, estimates, large audit entries, figures
 * of usage, and group sync to PostHog. If it dies, waiting requests fail; an import was then written completely or not at all. It ends with
 * this process.
 */
export function createBackground(
  log: Logger,
  onTrouble: (error: Error, sentence: string) => void,
  writeLog: (line: string) => void,
  file = findAbove("background.js"),
) {
  type Waiting = { resolve: (result: unknown) => void; reject: (error: Error) => void; onPart?: (bytes: Uint8Array) => void };
  const waiting = new Map<number, Waiting>();
  const stderr = createLogOutput(2);
  const importListeners: ((over: Promise<void>) => void)[] = [];
  /** Ends what waits for the import with this number. */
  const importing = new Map<number, () => void>();
  /** Calls that wait for a process that is being started again. */
  const whenStarted: (() => void)[] = [];
  let child: ChildProcess | undefined;
  let isStarted = false;
  let last = 0;
  let isStopping = false;

  function onMessage(message: WorkerMessage): void {
    if (message.kind === "trouble") {
      onTrouble(message.error, message.sentence);
      return;
    }
    if (message.kind === "importing" || message.kind === "imported") {
      noteImport(message);
      return;
    }
    const request = waiting.get(message.id);
    if (message.kind === "part") {
      request?.onPart?.(message.bytes);
      return;
    }
    waiting.delete(message.id);
    if (message.kind === "done") request?.resolve(message.result);
    else if (message.kind === "withdrawn") request?.reject(new RightWithdrawn(message.authority, message.why));
    else request?.reject(message.error);
  }

  function noteImport({ kind, number }: Extract<WorkerMessage, { number: number }>): void {
    if (kind === "imported") {
      importing.get(number)?.();
      importing.delete(number);
      return;
    }
    const over = new Promise<void>((resolve) => importing.set(number, resolve));
    for (const listener of importListeners) listener(over);
  }

  function start(program: string, socket: string): void {
    const started = fork(program, [socket], {
      serialization: "advanced",
      execArgv: [...process.execArgv, ...workerNodeOptions],
      // Not inherited: starting and ending a process makes the descriptors it shares blocking. A write to a full pipe
      // would then block a thread of this process, which cannot exit until that thread ends.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    started.unref();
    started.channel?.unref();
    forwardLines(started.stdout, writeLog);
    forwardLines(started.stderr, stderr.write);
    started.on("message", onMessage);
    started.on("error", (error) => log.error({ err: error }, "the background process could not be started or told"));
    started.on("close", (code, signal) => {
      child = undefined;
      for (const { reject } of waiting.values()) reject(new Error("The background process has ended."));
      waiting.clear();
      for (const end of importing.values()) end();
      importing.clear();
      if (isStopping) return;
      log.warn({ code, signal }, "the background process has ended and is started again");
      setTimeout(() => start(program, socket), restartAfter).unref();
    });
    child = started;
    for (const proceed of whenStarted.splice(0)) proceed();
  }

  // Delivery is confirmed by the answer.
  const tell = (order: WorkerRequest) => child?.send(order, () => {});

  const ask: AskWorker = async <T>(
    order: (id: number) => WorkerRequest,
    signal?: AbortSignal,
    onPart?: (bytes: Uint8Array) => void,
  ): Promise<T> => {
    if (!child && !isStopping) await new Promise<void>((resolve) => whenStarted.push(resolve));
    if (!child) throw new Error("The background process has ended.");
    if (signal?.aborted) throw signal.reason;
    const id = ++last;
    const cancel = () => {
      waiting.get(id)?.reject(signal?.reason);
      waiting.delete(id);
      tell({ kind: "cancel", of: id });
    };
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject, onPart });
      signal?.addEventListener("abort", cancel, { once: true });
      tell(order(id));
    }).finally(() => signal?.removeEventListener("abort", cancel));
  };

  return {
    /**
     * Returns false if the program runs from its sources, where all work is done in this process. The page process
     * sends its orders to `socket`.
     */
    start(socket = ""): boolean {
      if (file) start(file, socket);
      isStarted = file !== null;
      return isStarted;
    },
    /** True also while the process is being started again, which requests wait for. */
    isOn: () => isStarted && !isStopping,
    wake: () => tell({ kind: "wake" }),
    ...workerOrders(ask),
    /** Calls back when an import begins, from whichever process; `over` resolves when it has ended. */
    onImport: (listener: (over: Promise<void>) => void) => void importListeners.push(listener),
    async stop(): Promise<void> {
      isStopping = true;
      for (const proceed of whenStarted.splice(0)) proceed();
      if (!child) return;
      const closed = once(child, "close");
      child.ref();
      for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.ref();
      tell({ kind: "stop" });
      await closed;
    },
  };
}
