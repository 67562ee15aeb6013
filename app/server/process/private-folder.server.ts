import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EnvProblem } from "~/server/env.server";
import { randomText } from "~/server/random.server";

/** Bytes of a socket's path, on the systems that allow the fewest (macOS). */
const maxPathBytes = 103;

/** Creates the folder for the sockets of this server's processes, which only this user can open. On Windows: a name for pipes. */
export function createPrivateFolder(): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\latchkey-${randomText(16)}`;
  try {
    return mkdtempSync(path.join(tmpdir(), "latchkey-"));
  } catch (cause) {
    const message = `A folder for sockets cannot be created in ${tmpdir()}. Set TMPDIR to a folder that this user can write.`;
    throw new EnvProblem(message, { cause });
  }
}

export function socketIn(folder: string, name: "pages" | "worker"): string {
  if (process.platform === "win32") return `${folder}-${name}`;
  const socket = path.join(folder, `${name}.sock`);
  if (Buffer.byteLength(socket) > maxPathBytes) throw new EnvProblem(`${tmpdir()} is too long for a socket. Set TMPDIR to a shorter path.`);
  return socket;
}

export function removePrivateFolder(folder: string): void {
  if (process.platform !== "win32") rmSync(folder, { recursive: true, force: true });
}

/** A process that was killed leaves its socket behind. */
export function removeSocket(socket: string): void {
  if (process.platform !== "win32") rmSync(socket, { force: true });
}
