import { format } from "node:util";
import { runCommand } from "~/cli/run.server";
import type { CliEnd } from "./cli";
import { until } from "./poll";

const streams = ["stdout", "stderr"] as const;
/** Where Node's console writes. */
const consoleOutput = { log: "stdout", info: "stdout", debug: "stdout", warn: "stderr", error: "stderr" } as const;

/** Collects what is written to the standard streams until `restore`. */
function captureOutput() {
  const written = { stdout: "", stderr: "" };
  const restores = streams.map((name) => {
    const { write } = process[name];
    process[name].write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const done = rest.at(-1);
      if (typeof done === "function") done();
      return true;
    };
    return () => {
      process[name].write = write;
    };
  });
  for (const [method, name] of Object.entries(consoleOutput) as [keyof typeof consoleOutput, "stdout" | "stderr"][]) {
    const write = console[method];
    console[method] = (...words: unknown[]) => {
      written[name] += `${format(...words)}\n`;
    };
    restores.push(() => {
      console[method] = write;
    });
  }
  const restore = () => {
    for (const undo of restores) undo();
  };
  return { written, restore };
}

/** How many of each kind of resource keep this process alive. */
function openResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Waits until nothing is open that was not open before. A process of the command's own would not end before that. */
async function closed(before: Map<string, number>): Promise<void> {
  const left = () => [...openResources()].filter(([kind, count]) => kind !== "Immediate" && count > (before.get(kind) ?? 0));
  const isClosed = async () => left().length === 0 || undefined;
  await until(isClosed, 2_000, () => `The command leaves open: ${JSON.stringify(left())}`);
}

/**
 * Runs a command in this process, which takes a fraction of the time of a process of its own. Fails if it leaves anything open that
 * would keep its process from ending. What the process itself does (standard input, closed pipes, signals) needs `runCli`.
 */
export async function runCliHere(args: string[], env: Record<string, string | undefined>): Promise<CliEnd> {
  const before = openResources();
  const { written, restore } = captureOutput();
  const { env: envBefore, exitCode: codeBefore } = process;
  process.env = { ...env, PATH: envBefore.PATH, NODE_ENV: "production" };
  process.exitCode = undefined;
  try {
    await runCommand(args);
    await closed(before);
    return { code: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.env = envBefore;
    process.exitCode = codeBefore;
    restore();
  }
}
