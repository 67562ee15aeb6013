import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runCli } from "./support/cli";
import { docBlocks, docPages, readDoc } from "./support/doc-blocks";

const root = new URL("../", import.meta.url);
const { scripts, dependencies, devDependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

/** Which test runs each block, by page, heading and language. Each of these tests reads its block from the page. */
const runBy: Record<string, string> = {
  "README.md, Two commands, sh": "tests/docs-commands.test.ts",
  "README.md, look around, sh": "tests/docs-commands.test.ts",
  "README.md, bring your own catalogue, sh": "tests/docs-commands.test.ts",
  "README.md, ask from an app, sh": "tests/docs-commands.test.ts",
  "README.md, ask from an app, jsonc": "tests/docs-commands.test.ts",
  "README.md, provision tenants from a program, sh": "tests/docs-commands.test.ts",
  "docs/api-for-apps.md, curl, sh": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, Many questions, another time, and why, sh": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, Usage, sh": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, Usage, json": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, TypeScript, ts": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, OpenFeature on the server, ts": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, OpenFeature in the browser, ts": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, OpenFeature in the browser, sh": "tests/ofrep/docs.test.ts",
  "docs/api-for-apps.md, React, tsx": "tests/ofrep/browser.test.ts",
  "docs/api-for-apps.md, The change stream, sh": "tests/ofrep/docs.test.ts",
  "docs/catalogue-file.md, The catalogue file, sh": "tests/docs-commands.test.ts",
  "docs/catalogue-file.md, The catalogue file, yaml": "app/forms/import/catalogue-file-text.test.ts",
  "docs/csv-files.md, By the API, sh": "tests/docs-commands.test.ts",
  "docs/metrics.md, Metrics, yaml": "tests/docs-commands.test.ts",
  "docs/posthog.md, PostHog, sh": "tests/docs-commands.test.ts",
  "docs/posthog.md, Flags by what a tenant has, json": "tests/posthog/absent-properties.test.ts",
  "docs/posthog.md, Requests, ts": "tests/posthog/docs-hooks.test.ts",
  "docs/webhooks.md, Events, json": "tests/webhooks/docs.test.ts",
  "docs/webhooks.md, Verification, ts": "tests/webhooks/docs.test.ts",
};
const blocks = docPages.flatMap(docBlocks);
/** Languages that no test here can run; the page says so in each block. */
const isMarked = ({ code }: (typeof blocks)[number]) => /^(#|\/\/) Not tested by us\./.test(code);

test("every example of the docs is run by a test that reads it from the page, or says that it is not tested", () => {
  const ids = blocks.filter((block) => !isMarked(block)).map(({ page, heading, language }) => `${page}, ${heading}, ${language}`);
  expect(ids.toSorted()).toEqual(Object.keys(runBy).toSorted());
  for (const [id, file] of Object.entries(runBy)) {
    const source = readFileSync(new URL(file, root), "utf8");
    const [page = "", ...rest] = id.split(", ");
    const heading = rest.slice(0, -1).join(", ");
    expect(`${id}: ${source.includes(page) || source.includes("docBlock(")}`).toBe(`${id}: true`);
    // Pages with a single block in a language are read by their language.
    expect(`${id}: ${source.includes(`"${heading}"`) || source.includes(`\`\`\`${rest.at(-1)}`)}`).toBe(`${id}: true`);
  }
  expect(blocks.filter(isMarked).map(({ language }) => language)).toEqual(["python", "go", "java"]);
});

const inline = docPages.flatMap((page) => [...readDoc(page).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code));
const startingWith = (start: string) => inline.filter((code) => code.startsWith(start)).map((code) => code.slice(start.length).trim());

test("every command that the docs name within a line exists", async () => {
  const { stdout: help } = await runCli(["--help"], {});
  for (const command of startingWith("npx latchkey ")) {
    const words = command.split(" ").filter((word) => /^[a-z]/.test(word));
    for (const word of words.slice(0, 2)) expect(`${command}: ${help}`).toContain(word);
  }
  for (const command of startingWith("npm run ")) expect(Object.keys(scripts)).toContain(command.split(" ")[0]);
  const packages = startingWith("npm install ").flatMap((list) => list.split(" "));
  expect(packages.length).toBeGreaterThan(3);
  for (const name of packages) expect({ ...dependencies, ...devDependencies }).toHaveProperty([name]);
});
