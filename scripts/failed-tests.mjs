import { stripVTControlCharacters } from "node:util";
import { readReport } from "./test-counts.mjs";

/** At most this many failed tests are named at the end of a run, with this many characters of each message. */
const namedFailures = 20;
const messageLength = 300;

/** @param {string} title @param {string | undefined} message */
const failure = (title, message) =>
  `FAILED ${title}\n       ${stripVTControlCharacters(message ?? "")
    .trim()
    .slice(0, messageLength)
    .replaceAll(/\s+/g, " ")}`;

/** @param {string} file vitest's JSON report @param {string} root @returns {string[]} the failed tests, and the files that could not be loaded */
function failedOfVitest(file, root) {
  return (readReport(file)?.testResults ?? []).flatMap((/** @type {any} */ result) => {
    const name = result.name.replace(`${root}/`, "");
    const failed = result.assertionResults.filter((/** @type {any} */ test) => test.status === "failed");
    if (failed.length === 0 && result.status === "failed") return [failure(name, result.message)];
    return failed.map((/** @type {any} */ test) => failure(`${name} › ${test.fullName}`, test.failureMessages?.[0]));
  });
}

/** @param {any[]} suites @returns {string[]} */
function failedOfSuites(suites) {
  return suites.flatMap(({ file, specs = [], suites: inner = [] }) => [
    ...specs
      .filter((/** @type {any} */ spec) => !spec.ok)
      .map((/** @type {any} */ spec) =>
        failure(`${file} › ${spec.title}`, spec.tests.at(0)?.results.find((/** @type {any} */ result) => result.error)?.error.message),
      ),
    ...failedOfSuites(inner),
  ]);
}

/** The failed tests of both runners by name, for the end of the output. @param {{ vitest: string, playwright: string, root: string }} reports */
export function failedTests({ vitest, playwright, root }) {
  const report = readReport(playwright);
  const outside = (report?.errors ?? []).map((/** @type {any} */ error) => failure("Playwright, outside of its tests", error.message));
  const lines = [...failedOfVitest(vitest, root), ...failedOfSuites(report?.suites ?? []), ...outside];
  return lines.length > namedFailures ? [...lines.slice(0, namedFailures), `and ${lines.length - namedFailures} more`] : lines;
}
