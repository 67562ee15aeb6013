import { Console } from "node:console";

/** posthog-node writes debug lines with console.log, into the log that programs read from stdout. */
export function sendConsoleToStderr(): void {
  const { log, info, debug } = new Console(process.stderr);
  Object.assign(console, { log, info, debug });
}

/**
 * Keeps the process running if stdout or stderr cannot be written, because the reader of a pipe has exited or the disk
 * is full. Without a listener such an error would end it.
 */
export function outliveStandardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
