// Cost of one process.nextTick after full garbage collections, with and without the tick object that is kept alive.
// Run with: node --import tsx --expose-gc bench/tick-cost.ts [keep]
import { setTimeout as sleep } from "node:timers/promises";
import { keepTickObjectShape } from "~/server/process/runtime-tuning.server";

const ticks = 2_000_000;
const isKept = process.argv[2] === "keep";
if (isKept) keepTickObjectShape();

function run(count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    const next = () => {
      left -= 1;
      if (left === 0) resolve();
      else process.nextTick(next);
    };
    process.nextTick(next);
  });
}

// Collections while no tick object is alive, as between the requests of a server.
for (let i = 0; i < 20; i++) {
  await run(100);
  await sleep(1);
  globalThis.gc?.();
}
const begin = performance.now();
await run(ticks);
const nanoseconds = Math.round(((performance.now() - begin) * 1e6) / ticks);
process.stdout.write(`${process.version}, tick object ${isKept ? "kept" : "not kept"}: ${nanoseconds} ns per tick\n`);
