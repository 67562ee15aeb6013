import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readEnv, variableNames } from "~/server/env.server";
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

test(".env.example lists every variable with the default of the tables", () => {
  const lines = readFileSync(new URL("../../.env.example", import.meta.url), "utf8").matchAll(/^# ([A-Z_]+)=(.*)$/gm);
  const example = new Map([...lines].map(([, name = "", value = ""]): [string, string] => [name, value]));
  expect([...example.keys()].sort()).toEqual([...variableNames].sort());
  for (const [name, { fallback }] of rows)
    if (fallback.startsWith("`") && example.has(name)) expect(`${name} ${fallback}`).toContain(String(example.get(name)));
  // Set to what the example shows, every variable is valid and means the same as unset.
  const shown = Object.fromEntries([...example].filter(([, value]) => value !== ""));
  const { variables: _shown, ...meaning } = readEnv(shown);
  const { variables: _unset, ...unset } = readEnv({});
  expect({ ...meaning, warnings: [] }).toEqual(unset);
});

test("docs/configuration.md explains every variable that is not PostHog's", () => {
  const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const missing = variableNames.filter((name) => !name.startsWith("POSTHOG_") && name !== "NODE_ENV" && !text.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
