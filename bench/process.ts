import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const fromHere = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
export const root = fromHere("..");

/** With two or more cores, the measured process and the generator get one each. */
const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;
export const isPinned = canPin;

type Env = Record<string, string>;
export type Server = { child: ChildProcess; port: number };

/** `nice`: its priority on the core. */
type NodeOptions = { env?: Env; input?: string; nice?: number };

/** Starts a Node process pinned to a core, where the system supports it. */
export function startNode(args: string[], core: 0 | 1, { env = {}, input = "", nice = 0 }: NodeOptions = {}): ChildProcess {
  const command = [process.execPath, ...args];
  const [file = "", ...rest] = canPin ? ["nice", "-n", String(nice), "taskset", "-c", String(core), ...command] : command;
  const child = spawn(file, rest, {
    cwd: root,
    env: { NODE_ENV: "production", PATH: process.env.PATH, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  return child;
}

/** Reads until lines have matched each pattern in order. */
export async function untilLines(child: ChildProcess, patterns: RegExp[]): Promise<RegExpExecArray[]> {
  if (!child.stdout) throw new Error("no output to read");
  const found: RegExpExecArray[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const match = patterns[found.length]?.exec(line);
    if (match) found.push(match);
    if (found.length < patterns.length) continue;
    child.stdout.resume();
    return found;
  }
  throw new Error(`The process ended before it printed ${patterns[found.length]}.`);
}

export const untilLine = async (child: ChildProcess, pattern: RegExp) => (await untilLines(child, [pattern]))[0] as RegExpExecArray;

/** Suspends processes that are not measured. */
export function holdStill(...children: ChildProcess[]): void {
  for (const { pid } of children) signal(pid, "SIGSTOP");
}
export function goOn(...children: ChildProcess[]): void {
  for (const { pid } of children) signal(pid, "SIGCONT");
}

/** Signals a process and its children, where the system lists them (only Linux). */
function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  process.kill(pid, name);
  try {
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean)) signal(Number(child), name);
  } catch {
    // Another system, or the process is gone.
  }
}

/** Moves the controlling process off the measured core. */
export function leaveTheMeasuredCore(): void {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", "1", String(process.pid)]);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  goOn(child); // A suspended process receives no signals.
  await exited;
}

/** CPU time of the process in ms, or null where it is not available (only Linux). */
export function cpuOf({ pid }: ChildProcess): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10; // In hundredths of a second.
  } catch {
    return null;
  }
}

/** Private memory of the process in bytes, or null where it is not available. */
export function memoryOf({ pid }: ChildProcess): number | null {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  } catch {
    return null;
  }
}

/** Starts the built program on a SQLite file and a free loopback port, on the measured core. */
export async function startServer(file: string, more: Env = {}): Promise<Server> {
  const env = { HOST: "127.0.0.1", PORT: "0", DATABASE_URL: `file:${file}`, LOG_LEVEL: "warn", ...more };
  const child = startNode(["build/server/main.js"], 0, { env });
  const [, port] = await untilLine(child, /ready on http:\/\/127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}
