import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const fromHere = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
export const root = fromHere("..");

/** With two cores or more, what is measured has one of them for itself and what measures has another. */
const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;
export const isPinned = canPin;

type Env = Record<string, string>;

/** A Node process on a core of its own, where the system can be told so. */
export function startNode(args: string[], core: 0 | 1, { env = {}, input = "" }: { env?: Env; input?: string } = {}): ChildProcess {
  const command = [process.execPath, ...args];
  const [file = "", ...rest] = canPin ? ["taskset", "-c", String(core), ...command] : command;
  const child = spawn(file, rest, {
    cwd: root,
    env: { NODE_ENV: "production", PATH: process.env.PATH, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  return child;
}

/** Reads on until a line matches. */
export async function untilLine(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  if (!child.stdout) throw new Error("no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    const match = pattern.exec(line);
    if (match) {
      child.stdout.resume();
      return match;
    }
  }
  throw new Error(`The process ended before it printed ${pattern}.`);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Milliseconds of a core that the process has used so far; null where the system does not tell (only Linux does). */
export function cpuOf({ pid }: ChildProcess): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10; // in hundredths of a second
  } catch {
    return null;
  }
}

/** The built program on a free port of loopback. */
export async function startServer(databaseUrl: string, core: 0 | 1 = 0): Promise<{ child: ChildProcess; port: number }> {
  const env = { HOST: "127.0.0.1", PORT: "0", DATABASE_URL: databaseUrl, LOG_LEVEL: "warn" };
  const child = startNode(["build/server/main.js"], core, { env });
  const [, port] = await untilLine(child, /ready on http:\/\/127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}
