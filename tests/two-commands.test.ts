import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failedTests } from "../scripts/failed-tests.mjs";
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

  test("what failed is named with the beginning of its message: tests, files that do not load, and errors outside of tests", async () => {
    const write = async (name: string, contents: object) => {
      const file = path.join(folder, name);
      await writeFile(file, JSON.stringify(contents));
      return file;
    };
    const vitest = await write("vitest.json", {
      testResults: [
        { name: "/project/tests/good.test.ts", ...passedFile },
        {
          name: "/project/tests/bad.test.ts",
          status: "failed",
          assertionResults: [
            { status: "passed", fullName: "adds" },
            { status: "failed", fullName: "subtracts", failureMessages: [`\u001b[31mexpected 1\n  to be 2\u001b[39m${"x".repeat(1_000)}`] },
          ],
        },
        { name: "/project/tests/broken.test.ts", status: "failed", message: "cannot load", assertionResults: [] },
      ],
    });
    const spec = (title: string, ok: boolean) => ({ title, ok, tests: [{ results: ok ? [{}] : [{ error: { message: "no button" } }] }] });
    const playwright = await write("playwright.json", {
      suites: [{ file: "a.spec.ts", specs: [spec("works", true)], suites: [{ file: "a.spec.ts", specs: [spec("is clicked", false)] }] }],
      errors: [{ message: "the server ended with 3" }],
    });
    const lines = failedTests({ vitest, playwright, root: "/project" });
    expect(lines.map((line) => line.slice(0, 70))).toEqual([
      expect.stringMatching(/^FAILED tests\/bad\.test\.ts › subtracts\n +expected 1 to be 2x+$/),
      "FAILED tests/broken.test.ts\n       cannot load",
      "FAILED a.spec.ts › is clicked\n       no button",
      "FAILED Playwright, outside of its tests\n       the server ended with 3",
    ]);
    expect(lines[0]?.length).toBeLessThan(400);
    expect(failedTests({ vitest: "none.json", playwright: "none.json", root: "/project" })).toEqual([]);
    const many = Array.from({ length: 25 }, (_, i) => ({ status: "failed", fullName: `test ${i}`, failureMessages: [] }));
    const file = await write("many.json", { testResults: [{ name: "/project/a.test.ts", status: "failed", assertionResults: many }] });
    expect(failedTests({ vitest: file, playwright, root: "/project" }).at(-1)).toBe("and 7 more");
  });
});
