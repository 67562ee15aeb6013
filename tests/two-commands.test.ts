import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { whyInstallFailed } from "../scripts/install-failure.mjs";
import { oneAtATime } from "../scripts/one-at-a-time.mjs";
import { playwrightCounts, vitestCounts } from "../scripts/test-counts.mjs";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "latchkey-commands-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("preparing the folder", () => {
  test("of two processes that prepare at once the second waits for the first", async () => {
    const lock = path.join(folder, "lock");
    const order: string[] = [];
    let told = 0;
    let finish = () => {};
    const mayFinish = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = oneAtATime(lock, expect.fail, async () => {
      order.push("first begins");
      await mayFinish;
      order.push("first ends");
    });
    const onWait = () => {
      told += 1;
      finish();
    };
    await Promise.all([first, oneAtATime(lock, onWait, async () => void order.push("second begins"))]);
    expect(order).toEqual(["first begins", "first ends", "second begins"]);
    expect(told).toBe(1);
  });

  test("a lock is taken over from a process that died, and free again after work that failed", async () => {
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    const lock = path.join(folder, "lock");
    await mkdir(lock);
    await writeFile(path.join(lock, "owner"), `${os.hostname()} ${dead.pid}`);
    const failing = oneAtATime(lock, expect.fail, async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await oneAtATime(lock, expect.fail, async () => {});
  });

  test.each([
    ["npm error code EUSAGE", "run `npm install`"],
    ["npm error code ENOTFOUND registry", "check the network"],
    ["npm error code ENOSPC", "disk is full"],
    ["something new", "messages stand above"],
  ])("an install that failed with %j says what to do", (text, sentence) => {
    expect(whyInstallFailed(text)).toContain(sentence);
  });
});

describe("counting tests", () => {
  const report = async (contents: object) => {
    const file = path.join(folder, "report.json");
    await writeFile(file, JSON.stringify(contents));
    return file;
  };
  const passedFile = { status: "passed", assertionResults: [{ status: "passed" }] };

  test("vitest's tests count as they ended", async () => {
    const failedFile = { status: "failed", assertionResults: [{ status: "failed" }] };
    const file = await report({ numPassedTests: 1, numFailedTests: 1, testResults: [passedFile, failedFile] });
    expect(vitestCounts(file, 1)).toEqual({ passed: 1, failed: 1 });
  });

  test("a file that could not be loaded is a failure", async () => {
    const file = await report({
      numPassedTests: 1,
      numFailedTests: 0,
      testResults: [passedFile, { status: "failed", assertionResults: [] }],
    });
    expect(vitestCounts(file, 1)).toEqual({ passed: 1, failed: 1 });
  });

  test("a runner that wrote nothing, ran nothing or ended badly after good tests is a failure", async () => {
    expect(vitestCounts(path.join(folder, "none.json"), 0)).toMatchObject({ failed: 1 });
    expect(playwrightCounts(path.join(folder, "none.json"), 139)).toMatchObject({ failed: 1 });
    expect(vitestCounts(await report({ numPassedTests: 0, numFailedTests: 0, testResults: [] }), 0)).toMatchObject({ failed: 1 });
    expect(vitestCounts(await report({ numPassedTests: 3, numFailedTests: 0, testResults: [] }), 1)).toMatchObject({
      passed: 3,
      failed: 1,
    });
  });

  test("Playwright's errors outside of tests count as failures", async () => {
    const stats = { expected: 5, unexpected: 1, flaky: 1, skipped: 0 };
    expect(playwrightCounts(await report({ stats, errors: [{ message: "the server ended with 3" }] }), 1)).toEqual({
      passed: 5,
      failed: 3,
    });
  });
});
