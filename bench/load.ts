import type { ChildProcess } from "node:child_process";
import { median, rounded } from "./numbers";
import { cpuOf, fromHere, startNode, untilLine } from "./process";
import type { Answer } from "./questions";

export const connections = 64;

export type Run = { perSecond: number; p50: number; p99: number; cpuMicros: number | null; cpuShare: number | null };
export type Target = { child: ChildProcess; port: number; requests: string[] };

/** Plain node:http that sends these bytes. */
export async function startBare(answer: Answer): Promise<{ child: ChildProcess; port: number }> {
  const child = startNode([fromHere("bare-server.mjs")], 0, { input: JSON.stringify(answer) });
  const [, port] = await untilLine(child, /ready on (\d+)/);
  return { child, port: Number(port) };
}

/** Closed loop: every connection sends its next request when it has its answer, for a time or a number of requests. */
export async function asMuchAsItCan({ child, port, requests }: Target, end: { seconds: number } | { questions: number }): Promise<Run> {
  const before = cpuOf(child);
  const { answers, elapsed, ...seen } = await generate("load.mjs", { port, requests, connections, ...end });
  const after = cpuOf(child);
  const used = before === null || after === null ? null : after - before;
  return { ...seen, cpuMicros: used && (used * 1000) / answers, cpuShare: used && used / elapsed };
}

export type Paced = { p50: number; p99: number; p999: number; most: number; answers: number; unmeasured: number };

/**
 * Open loop: requests at a constant rate whatever became of earlier ones. Latency counts from when a request was due,
 * so a stall counts for every request that waited. `unmeasured`: requests during which the generator itself was not
 * running.
 */
export const atConstantPace = ({ port, requests }: Omit<Target, "child">, perSecond: number, seconds: number): Promise<Paced> =>
  generate("paced-load.mjs", { port, requests, connections, perSecond, seconds });

export async function generate(file: string, options: object) {
  const generator = startNode([fromHere(file)], 1, { input: JSON.stringify(options) });
  const [, line = ""] = await untilLine(generator, /^(\{.*\})$/);
  return JSON.parse(line);
}

const over = (runs: Run[], field: keyof Run) => median(runs.map((r) => r[field] ?? Number.NaN));

export const summaryOf = (runs: Run[]) => ({
  requestsPerSecond: Math.round(over(runs, "perSecond")),
  p50ms: rounded(over(runs, "p50")),
  p99ms: rounded(over(runs, "p99")),
  serverMicrosecondsOfCpu: rounded(over(runs, "cpuMicros")),
  // Much below 1: the machine was busy with other work, which affects the figures.
  serverShareOfItsCore: rounded(over(runs, "cpuShare")),
});

/** Of adjacent runs, so that other load affects both alike. */
export const overBare = (runs: Run[], bare: Run[]) => ({
  ...summaryOf(runs),
  ratioToBare: rounded(median(runs.map((r, i) => r.perSecond / (bare[i] as Run).perSecond))),
  ratioToBareByCpu: rounded(over(bare, "cpuMicros") / over(runs, "cpuMicros")),
});

export const pacedSummary = (runs: Paced[]) => ({
  p50ms: rounded(median(runs.map((r) => r.p50))),
  p99ms: rounded(median(runs.map((r) => r.p99))),
  // Of the round with the least other load.
  quietestP99ms: rounded(Math.min(...runs.map((r) => r.p99))),
  p999ms: rounded(median(runs.map((r) => r.p999))),
  slowestMs: rounded(Math.max(...runs.map((r) => r.most))),
  answers: runs.reduce((sum, r) => sum + r.answers, 0),
  unmeasured: runs.reduce((sum, r) => sum + r.unmeasured, 0),
});
