import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { growingFlag } from "./runtime-tuning.server";

test("V8 still knows the flag that is set, which it would pass over without a word", () => {
  const { stdout } = spawnSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  expect(stdout).toContain(`${growingFlag} (`);
});
