import type { Socket } from "node:net";
import readline from "node:readline";
import type { Readable } from "node:stream";

/** Writes the output of another process line by line, so that lines of two processes do not mix. */
export function forwardLines(from: Readable | null, write: (line: string) => void): void {
  if (!from) return;
  (from as Socket).unref();
  readline.createInterface({ input: from }).on("line", (line) => write(`${line}\n`));
}
