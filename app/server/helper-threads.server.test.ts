import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test.runIf(process.platform === "linux")("threads that Node starts with stand back, the one that answers does not", () => {
  const program = `
    import { readdirSync, readFileSync } from "node:fs";
    import { letHelpersStandBack } from "./app/server/helper-threads.server.ts";
    const nice = (thread) => Number(readFileSync("/proc/self/task/" + thread + "/stat", "utf8").split(") ").at(-1).split(" ")[16]);
    const own = nice(process.pid);
    const threads = readdirSync("/proc/self/task").filter((t) => Number(t) !== process.pid);
    letHelpersStandBack();
    console.log(JSON.stringify({ own: nice(process.pid) - own, helpers: threads.map((t) => nice(t)) }));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { own, helpers } = JSON.parse(stdout);
  expect(own).toBe(0);
  expect(helpers.length).toBeGreaterThan(0);
  expect(new Set(helpers)).toEqual(new Set([5]));
});
