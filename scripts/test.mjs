// `npm test`: runs every step in order, even after failures. Its last line is `N passed, N failed`.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { ensureChromium } from "./chromium.mjs";
import { ensureReady } from "./ensure-ready.mjs";
import { failedTests } from "./failed-tests.mjs";
import { npm, root, run } from "./run.mjs";
import { playwrightCounts, slowestFiles, vitestCounts } from "./test-counts.mjs";

/** @typedef {import("./test-counts.mjs").Outcome} Outcome */

const minute = 60_000;
const results = path.join(root, "test-results");
const vitestReport = path.join(results, "vitest.json");
const playwrightReport = path.join(results, "playwright.json");
const bin = (/** @type {string} */ file) => path.join(root, "node_modules", file);

/** @param {boolean} passed @returns {Outcome} */
const one = (passed) => (passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** Generous: a machine at half speed must not meet it. */
const timeout = 60 * minute;

/** Runs an npm script without output and prints what it said if it failed. @param {string} script */
async function quietly(script) {
  const started = performance.now();
  const { code, text } = await npm(["run", "--silent", script], { timeout, output: "none" });
  return { ...one(code === 0), ...(code !== 0 && { remark: text }), seconds: (performance.now() - started) / 1000 };
}

/** Started with vitest, which does not use both cores all the time. @type {{ [script: string]: ReturnType<typeof quietly> }} */
const beside = {};

/** @type {[name: string, work: () => Promise<Outcome>][]} */
const steps = [
  ["build", async () => ensureReady().then(() => one(true))],
  // Before vitest, because some tests use it too.
  ["Chromium", async () => ensureChromium().then((file) => ({ ...one(true), remark: `${file} starts` }))],
  [
    "vitest (import rule, unit, both engines, API)",
    async () => {
      const args = ["run", "--allowOnly=false", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`];
      for (const script of ["typecheck", "lint"]) beside[script] = quietly(script);
      const { code, timedOut } = await run(process.execPath, [bin("vitest/vitest.mjs"), ...args], { timeout });
      if (timedOut) console.log("vitest was ended after 60 minutes");
      console.log(slowestFiles(vitestReport, root));
      return vitestCounts(vitestReport, code);
    },
  ],
  ["type check (beside vitest)", async () => (await beside.typecheck) ?? one(false)],
  ["lint (beside vitest)", async () => (await beside.lint) ?? one(false)],
  [
    "Playwright (browser)",
    async () => {
      const env = { ...process.env, CHROMIUM_PATH: await ensureChromium() };
      const args = ["test", "--forbid-only"];
      const { code, timedOut } = await run(process.execPath, [bin("@playwright/test/cli.js"), ...args], { env, timeout });
      if (timedOut) console.log("Playwright was ended after 60 minutes");
      return playwrightCounts(playwrightReport, code);
    },
  ],
];

/** @param {string} name @param {() => Promise<Outcome>} work */
async function step(name, work) {
  console.log(`\n=== ${name}`);
  const started = performance.now();
  const outcome = await work().catch((error) => ({ ...one(false), remark: error.name === "Refusal" ? error.message : error.stack }));
  if (outcome.remark) console.log(outcome.remark);
  return { seconds: (performance.now() - started) / 1000, ...outcome, name };
}

const done = [await step("install", () => ensureReady({ withBuild: false }).then(() => ({ passed: 0, failed: 0 })))];
if (done[0]?.failed === 0) {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  for (const [name, work] of steps) done.push(await step(name, work));
}

console.log();
// Last, because it may be all that is kept of a long output.
for (const line of failedTests({ vitest: vitestReport, playwright: playwrightReport, root })) console.log(line);
for (const { name, passed, failed, seconds } of done)
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}: ${passed} passed, ${failed} failed`);
const sum = (/** @type {"passed" | "failed"} */ key) => done.reduce((total, outcome) => total + outcome[key], 0);
process.exitCode = sum("failed") > 0 ? 1 : 0;
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
