import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

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
