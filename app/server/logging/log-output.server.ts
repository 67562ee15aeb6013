import fs from "node:fs";

/** Lines that wait beyond this are dropped, in bytes. */
const maxWaitingBytes = 1024 * 1024;
/** Between two attempts, in ms; each failure in a row doubles it. */
const minRetryMs = 50;
const maxRetryMs = 5_000;
const maxFlushMs = 1_000;
/** The reader has closed the pipe, or the descriptor is invalid. */
const finalErrors = new Set(["EPIPE", "EBADF"]);

type Options = { maxBytes?: number; write?: typeof fs.write };

export type LogOutput = ReturnType<typeof createLogOutput>;

/**
 * Writes lines to a file descriptor without ever blocking or ending the program: one write at a time, further lines are
 * queued, and lines beyond the queue's limit are dropped and counted. pino's own destination is not used, because its
 * synchronous write blocks the event loop while the disk is full, and its flush at exit then never returns.
 */
export function createLogOutput(fd = 1, { maxBytes = maxWaitingBytes, write = fs.write }: Options = {}) {
  let waiting: string[] = [];
  /** Of `waiting` and `rest`, in bytes. */
  let size = 0;
  /** What is left of the write that is under way, or null. */
  let rest: Buffer | null = null;
  let dropped = 0;
  let reported = 0;
  let retryMs = minRetryMs;
  let isOver = false;
  const idle: (() => void)[] = [];

  function next(): void {
    if (waiting.length === 0) {
      rest = null;
      for (const resolve of idle.splice(0)) resolve();
      return;
    }
    rest = Buffer.from(waiting.join(""));
    waiting = [];
    send(rest);
  }

  function send(bytes: Buffer): void {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error) return fail(error, bytes);
      size -= written;
      retryMs = minRetryMs;
      rest = bytes.subarray(written);
      if (rest.length > 0) return send(rest);
      next();
      reportDropped();
    });
  }

  function fail({ code = "" }: NodeJS.ErrnoException, bytes: Buffer): void {
    if (!finalErrors.has(code)) {
      setTimeout(send, retryMs, bytes).unref();
      retryMs = Math.min(retryMs * 2, maxRetryMs);
      return;
    }
    isOver = true;
    dropped += waiting.length + bytes.toString().split("\n").length - 1;
    waiting = [];
    next();
  }

  function reportDropped(): void {
    if (dropped === reported) return;
    const count = dropped - reported;
    reported = dropped;
    output.onRecovered?.(count);
  }

  const output = {
    /** Called with the number of lines that were dropped, once lines are written again. */
    onRecovered: null as ((lines: number) => void) | null,
    write(line: string): void {
      const bytes = Buffer.byteLength(line);
      if (isOver || size + bytes > maxBytes) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      size += bytes;
      if (rest === null) next();
    },
    droppedLines: () => dropped,
    /** Resolves when everything is written, or after `timeoutMs`. */
    async flush(timeoutMs = maxFlushMs): Promise<void> {
      if (rest === null) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
  return output;
}
