import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { growingFlag, keepTickObjectShape, workerNodeOptions } from "./runtime-tuning.server";

/** Priority of each thread after the named function was called. */
function niceAfter(call: string): { own: number; helpers: number[] } {
  const program = `
    import { readdirSync, readFileSync } from "node:fs";
    import { lowerHelperPriority, lowerPriority } from "./app/server/process/runtime-tuning.server.ts";
    const nice = (thread) => Number(readFileSync("/proc/self/task/" + thread + "/stat", "utf8").split(") ").at(-1).split(" ")[16]);
    const own = nice(process.pid);
    const threads = readdirSync("/proc/self/task").filter((t) => Number(t) !== process.pid);
    ${call}();
    console.log(JSON.stringify({ own: nice(process.pid) - own, helpers: threads.map((t) => nice(t)) }));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test.runIf(process.platform === "linux").each([
  ["lowerHelperPriority", 0, 5],
  ["lowerPriority", 10, 10],
])("%s lowers the calling thread by %i and sets the threads that Node starts with to %i", (call, ofOwn, ofHelpers) => {
  const { own, helpers } = niceAfter(call);
  expect(own).toBe(ofOwn);
  expect(helpers.length).toBeGreaterThan(0);
  expect(new Set(helpers)).toEqual(new Set([ofHelpers]));
});

test("V8 knows the flag for heap growth, which it would otherwise ignore silently", () => {
  const { stdout } = spawnSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  expect(stdout).toContain(`${growingFlag} (`);
});

test("Node accepts the options of the worker process", () => {
  expect(spawnSync(process.execPath, [...workerNodeOptions, "-e", ""]).status).toBe(0);
});

test("one tick object with all its properties is kept for the life of the process", () => {
  const before = new Set(Object.getOwnPropertySymbols(globalThis));
  keepTickObjectShape();
  const [added, ...others] = Object.getOwnPropertySymbols(globalThis).filter((symbol) => !before.has(symbol));
  expect(others).toEqual([]);
  const kept = (globalThis as { [place: symbol]: object })[added as symbol] as object;
  expect(Object.keys(kept)).toEqual(expect.arrayContaining(["callback", "args"]));
  expect(Object.getOwnPropertySymbols(kept).map(String)).toContain("Symbol(async_id_symbol)");
});
