import { createHook } from "node:async_hooks";
import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { setFlagsFromString } from "node:v8";

// Settings of Node and the system that keep checks fast. Each names the command that measures it: run it with and
// without the call. The built program has to be up to date (`npm run build`).

const { PRIORITY_BELOW_NORMAL } = constants.priority;

/**
 * Lowers the priority of Node's helper threads, which collect garbage and compile: above the worker process, below the
 * main thread. On Linux priorities are per thread. Call before anything else starts.
 *
 * Measure: `npm run bench -- pace`, p99 while importing.
 */
export const lowerHelperPriority = () => setHelperPriority(PRIORITY_BELOW_NORMAL / 2);

/**
 * Lowers the priority of the whole process below the one that answers checks. Call before anything else starts.
 *
 * Measure: `npm run bench -- pace`, p99 while importing.
 */
export function lowerPriority(): void {
  setPriority(PRIORITY_BELOW_NORMAL);
  setHelperPriority(PRIORITY_BELOW_NORMAL);
}

/**
 * Lowers the priority of the page process: below the process that answers checks, above the worker process.
 *
 * Measure: `npm run bench -- pages overload`, the slowest check beside a page and p99 of checks.
 */
export function lowerPagePriority(): void {
  setPriority(PRIORITY_BELOW_NORMAL / 2);
  setHelperPriority(PRIORITY_BELOW_NORMAL);
}

function setHelperPriority(priority: number): void {
  if (process.platform !== "linux") return;
  try {
    for (const thread of readdirSync("/proc/self/task").map(Number)) if (thread !== process.pid) setPriority(thread, priority);
  } catch {
    // Threads are not visible: priorities stay as they are.
  }
}

/** Prevents bundlers from removing the reference. */
const place = Symbol("the shape of a tick");

/**
 * Keeps one of the objects of `process.nextTick` alive. V8 drops the hidden class if a full garbage collection finds no
 * instance, and then creates them on the slow path: 0.65 µs instead of 0.2 per tick on Node 20, and a check has six.
 * Call before the first full collection, which happens while a program loads.
 *
 * Measure: `node --import tsx --expose-gc bench/tick-cost.ts`, and again with `keep`.
 */
export function keepTickObjectShape(): void {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === "TickObject") Object.assign(globalThis, { [place]: resource });
    },
  });
  hook.enable();
  process.nextTick(() => {});
  hook.disable();
}

export const growingFlag = "--heap-growing-percent";

/**
 * Lets the old generation double before the next full collection. V8's default heuristic, made for browsers, collects
 * after 10 to 20 % growth: a server that imported repeatedly spent 65 to 90 ms on it every 6 s, in pauses of up to 20
 * ms. With this it spent none in 14 s, for 9 % more memory.
 *
 * Measure: `npm run bench -- pace`, p99 while importing. `node --trace-gc build/server/main.js` prints each collection.
 */
export const raiseHeapGrowth = () => setFlagsFromString(`${growingFlag}=100`);

/**
 * Options of the worker process. It collects garbage less often (for some megabytes) and in one thread, because on few
 * cores further threads compete with the process that answers.
 *
 * Measure: `npm run bench -- pace`, p99 while importing.
 */
export const workerNodeOptions = ["--max-semi-space-size=64", "--v8-pool-size=1"];

/** Options of the page process: one thread collects its garbage, for the same reason. */
export const pageNodeOptions = ["--v8-pool-size=1"];
