import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { posthogVariables, readPosthogSettings } from "~/server/posthog/settings.server";

const tableOf = (file: string) =>
  new Map(
    [...readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").matchAll(/^\| `(POSTHOG_\w+)` \| (.+?) \| (.+) \|$/gm)].map(
      ([, name = "", fallback = "", meaning = ""]) => [name, { fallback, meaning }],
    ),
  );
const rows = tableOf("docs/posthog.md");

test("the table of settings has every variable, and no other but the one without a counterpart", () => {
  expect([...rows.keys()].sort()).toEqual([...posthogVariables, "POSTHOG_CACHE_ALIAS"].sort());
});

test("the defaults that the table names are those that count", () => {
  const key = { POSTHOG_PROJECT_API_KEY: "phc_x", POSTHOG_SECRET_KEY: "phx_x", POSTHOG_VALIDATE_ON_STARTUP: "true" };
  const named = [...rows].flatMap(([name, { fallback }]) => {
    const [, value] = /^`([^`]+)`$/.exec(fallback) ?? [];
    return value === undefined || name === "POSTHOG_VALIDATE_ON_STARTUP" ? [] : [[name, value] as const];
  });
  expect(named.length).toBeGreaterThan(18);
  expect(readPosthogSettings({ ...key, ...Object.fromEntries(named) })).toEqual(readPosthogSettings(key));
});

test("the README lists the same variables with the same defaults", () => {
  const shortly = ([name, { fallback }]: [string, { fallback: string }]) => [name, fallback.replace(/^not set: .*/, "not set")];
  expect([...tableOf("README.md")].map(shortly)).toEqual([...rows].map(shortly));
});
