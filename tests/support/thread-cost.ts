import { existsSync, readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** Only Linux reports the CPU time of a thread. */
export const isThreadCostKnown = existsSync("/proc/thread-self/schedstat");
/** Milliseconds of its core that the calling thread has used. */
const used = () => Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;

export type CostlyRequest = { method: string; url: string; headers?: Record<string, string>; body?: string };
export type Cost = { ms: number; status: number };

/** A client in a thread of its own: what it does is not counted as the server's work. */
const clientSource = `
const { parentPort } = require("node:worker_threads");
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let prepared;
parentPort.on("message", (message) => {
  if (message !== "send") {
    prepared = { ...message, body: message.body === undefined ? undefined : Buffer.from(message.body) };
    return parentPort.postMessage("ready");
  }
  const { method, url, headers, body } = prepared;
  let isOver = false;
  const done = (status) => {
    if (!isOver) parentPort.postMessage(status);
    isOver = true;
  };
  const length = body === undefined ? {} : { "content-length": body.length };
  const request = http.request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
    const { statusCode } = response;
    if (statusCode === 413) done(statusCode);
    response.resume().on("end", () => done(statusCode)).on("error", () => done(statusCode));
  });
  request.on("error", () => done(0));
  request.end(body);
});`;

/** Measures what single requests cost the thread that this is called on, which is the server's in a test. */
export function createCostMeter() {
  const client = new Worker(clientSource, { eval: true });
  const hear = () => new Promise<unknown>((resolve) => client.once("message", resolve));

  async function once(request: CostlyRequest): Promise<Cost> {
    client.postMessage(request);
    await hear();
    const before = used();
    client.postMessage("send");
    const status = (await hear()) as number;
    await new Promise(setImmediate);
    return { ms: used() - before, status };
  }

  return {
    once,
    /** The median of several. */
    async typical(make: () => CostlyRequest | Promise<CostlyRequest>, times = 5): Promise<Cost> {
      const costs: Cost[] = [];
      for (let i = 0; i < times; i++) costs.push(await once(await make()));
      return costs.sort((a, b) => a.ms - b.ms)[times >> 1] as Cost;
    },
    /** The least of up to three, of which later ones are measured only if the first was over the limit. */
    async atLeast(request: CostlyRequest, limitMs: number): Promise<Cost> {
      let least = await once(request);
      for (let i = 0; i < 4 && least.ms > limitMs; i++) {
        const cost = await once(request);
        if (cost.ms < least.ms) least = cost;
      }
      return least;
    },
    stop: () => client.terminate(),
  };
}
export type CostMeter = ReturnType<typeof createCostMeter>;

/** Requests beyond their limit. COSTS_SHOW prints the most expensive ones of all. */
export function createCostReport() {
  const rows: { name: string; what: string; ms: number; smallMs: number; limitMs: number; status: number }[] = [];
  const shown = ({ name, what, ms, smallMs, limitMs, status }: (typeof rows)[number]) =>
    `${name}, ${what}: ${ms.toFixed(1)} ms where a small one takes ${smallMs.toFixed(1)} and the limit is ${limitMs.toFixed(1)} (${status})`;
  return {
    add: (row: (typeof rows)[number]) => void rows.push(row),
    beyond: () => rows.filter(({ ms, limitMs }) => ms > limitMs).map(shown),
    show() {
      if (!process.env.COSTS_SHOW) return;
      const byCost = [...rows].sort((a, b) => b.ms - a.ms);
      console.info([`${rows.length} requests`, ...byCost.slice(0, 25).map(shown)].join("\n"));
    },
  };
}
