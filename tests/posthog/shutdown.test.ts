import { afterEach, beforeEach, expect, test } from "vitest";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { applyImport } from "~/server/catalogue/import.server";
import { createKey } from "~/server/keys/api-keys.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { startTestApp } from "../support/app";
import { ada } from "../support/facts";
import { startProgram } from "../support/program";
import { freshDatabaseUrl, startServices } from "../support/services";

const catalogue = "latchkey: 1\nfeatures: { sso: Single sign-on }\nplans: { basic: {} }\ntenants: { acme: { plan: basic } }";

let fake: FakePosthog;
const undo: (() => unknown)[] = [];
const named = (name: string) => fake.state.events.filter(({ event }) => event === name);

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await fake.close();
});

/** A database with a tenant that is refused a feature, and the key of a program that asks. */
async function prepare(url: string): Promise<string> {
  const services = await startServices("sqlite", { url });
  const read = readCatalogueFile("catalogue.yaml", catalogue);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  await applyImport(services, read, ada);
  const { key } = await createKey(services, ada, { name: "App", scopes: ["check"], expiresAt: null });
  await services.stop();
  return key;
}
const ask = (origin: string, key: string) =>
  fetch(`${origin}/api/entitlements?tenant=acme&feature=sso`, { headers: { authorization: `Bearer ${key}` } });

test("SIGTERM sends what waits in memory: a denial that was not even counted yet", async () => {
  const { url, remove } = await freshDatabaseUrl("sqlite");
  undo.push(remove);
  const key = await prepare(url);
  const env = { DATABASE_URL: url, POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
  const program = await startProgram(env);
  expect((await ask(program.url, key)).status).toBe(200);
  expect(await program.stop()).toBe(0);
  expect(named("entitlement_denied")).toMatchObject([{ properties: { feature: "sso", $groups: { organization: "acme" }, count: 1 } }]);
});

test("a process that ends in order sends its last exceptions, and one that PostHog keeps waiting ends all the same", async () => {
  const env = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
  const app = await startTestApp({ env });
  app.services.posthog?.exceptions.ofJob(new Error("the last one"), "a job");
  expect(named("$exception")).toEqual([]);
  await app.close();
  expect(named("$exception")).toHaveLength(1);

  const stuck = await startTestApp({ env });
  fake.state.mode.default = "silent";
  stuck.services.posthog?.exceptions.ofJob(new Error("nobody hears"), "a job");
  await stuck.close();
  expect(named("$exception")).toHaveLength(1);
});
