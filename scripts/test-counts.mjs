import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, remark?: string, seconds?: number }} Outcome */

/** @param {string} file @returns {any} */
export const readReport = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);

/** What a runner printed is not believed over how it ended, nor a run without tests. @param {string} runner @param {number} passed @param {number} failed @param {number} code */
function judged(runner, passed, failed, code) {
  if (passed + failed === 0) return { passed, failed: 1, remark: `${runner} ran no tests (exit code ${code})` };
  if (code !== 0 && failed === 0) return { passed, failed: 1, remark: `${runner} ended with exit code ${code} though no test failed` };
  return { passed, failed };
}

/** @param {string} file vitest's JSON report @param {number} code @returns {Outcome} */
export function vitestCounts(file, code) {
  const report = readReport(file);
  if (!report) return judged("vitest", 0, 0, code);
  // A file that cannot be loaded failed without any test.
  const broken = report.testResults.filter(
    (/** @type {any} */ result) =>
      result.status === "failed" && !result.assertionResults.some((/** @type {any} */ test) => test.status === "failed"),
  );
  return judged("vitest", report.numPassedTests, report.numFailedTests + broken.length, code);
}

/** @param {string} file Playwright's JSON report @param {number} code @returns {Outcome} */
export function playwrightCounts(file, code) {
  const report = readReport(file);
  if (!report) return judged("Playwright", 0, 0, code);
  const { expected, unexpected, flaky } = report.stats;
  // An error outside of tests (a spec that does not load, a server that did not stop) counts as a failure.
  return judged("Playwright", expected, unexpected + flaky + report.errors.length, code);
}

/** The ten test files that took longest, with their seconds. @param {string} file vitest's JSON report @param {string} root */
export function slowestFiles(file, root) {
  /** @type {{ name: string, startTime: number, endTime: number }[]} */
  const results = readReport(file)?.testResults ?? [];
  const lines = results
    .map(({ name, startTime, endTime }) => ({ name: name.replace(`${root}/`, ""), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 10)
    .map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
  return ["The slowest test files:", ...lines].join("\n");
}
