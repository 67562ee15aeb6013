// `npm test`: everything, in order, each step whether or not the ones before it passed. Its last line is `N passed, N failed`.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { ensureChromium } from "./chromium.mjs";
import { ensureReady } from "./ensure-ready.mjs";
import { npm, root, run } from "./run.mjs";
import { playwrightCounts, vitestCounts } from "./test-counts.mjs";

/** @typedef {import("./test-counts.mjs").Outcome} Outcome */

const minute = 60_000;
const results = path.join(root, "test-results");
const vitestReport = path.join(results, "vitest.json");
const playwrightReport = path.join(results, "playwright.json");
const bin = (/** @type {string} */ file) => path.join(root, "node_modules", file);

/** @param {boolean} passed @returns {Outcome} */
const one = (passed) => (passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** @param {string} script */
const script = async (script) => one((await npm(["run", "--silent", script], { timeout: 5 * minute })).code === 0);

/** @type {[name: string, work: () => Promise<Outcome>][]} */
const steps = [
  ["build", async () => ensureReady().then(() => one(true))],
  ["type check", () => script("typecheck")],
  ["lint", () => script("lint")],
  // Before vitest, some of whose tests use it too.
  ["Chromium", async () => ensureChromium().then((file) => ({ ...one(true), remark: `${file} starts` }))],
  [
    "vitest (import rule, unit, both engines, API)",
    async () => {
      const args = ["run", "--allowOnly=false", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`];
      const { code, timedOut } = await run(process.execPath, [bin("vitest/vitest.mjs"), ...args], { timeout: 20 * minute });
      if (timedOut) console.log("vitest was ended after 20 minutes");
      return vitestCounts(vitestReport, code);
    },
  ],
  [
    "Playwright (browser)",
    async () => {
      const env = { ...process.env, CHROMIUM_PATH: await ensureChromium() };
      const args = ["test", "--forbid-only"];
      const { code, timedOut } = await run(process.execPath, [bin("@playwright/test/cli.js"), ...args], { env, timeout: 20 * minute });
      if (timedOut) console.log("Playwright was ended after 20 minutes");
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
  return { name, ...outcome, seconds: (performance.now() - started) / 1000 };
}

const done = [await step("install", () => ensureReady({ withBuild: false }).then(() => ({ passed: 0, failed: 0 })))];
if (done[0]?.failed === 0) {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  for (const [name, work] of steps) done.push(await step(name, work));
}

console.log();
for (const { name, passed, failed, seconds } of done)
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}: ${passed} passed, ${failed} failed`);
const sum = (/** @type {"passed" | "failed"} */ key) => done.reduce((total, outcome) => total + outcome[key], 0);
process.exitCode = sum("failed") > 0 ? 1 : 0;
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
