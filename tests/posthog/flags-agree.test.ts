import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FlagReading } from "~/core/model";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { randomFlags, randomTenant } from "../fake-posthog/random-flags";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { ada } from "../support/facts";
import { importText } from "../support/import-text";
import { startServices, type TestServices } from "../support/services";

const flags = randomFlags(40, 20261120);
const tenants = Array.from({ length: 50 }, (_, i) => randomTenant(`t${i}-${createHash("md5").update(String(i)).digest("hex")}`, i));
const metadata = ["seats", "beta"];

/** Seats and beta are a tenant's metadata, and have its name in PostHog. */
const nameInPosthog = (property: string) => (metadata.includes(property) ? `metadata_${property}` : property);

const catalogue = JSON.stringify({
  latchkey: 1,
  features: Object.fromEntries(flags.map(({ given: { key } }) => [key, { flag: { key, rule: "grant", whenUnknown: "off" } }])),
  plans: Object.fromEntries(["free", "starter", "premium", "ultimate"].map((key, rank) => [key, { rank, features: [] }])),
  tenants: Object.fromEntries(
    tenants.map(({ key, properties: { name, plan, status, seats, beta } }) => [
      key,
      { name, ...(plan === null ? {} : { plan }), status, metadata: { seats, beta } },
    ]),
  ),
});

let fake: FakePosthog;
const started: TestServices[] = [];
beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  for (const services of started.splice(0).reverse()) await services.stop();
  await fake.close();
});

async function start(variables: Record<string, string>, url?: string): Promise<TestServices> {
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FLAG_TIMEOUT_MS: "60000" };
  const services = await startServices("sqlite", { url, variables: { ...posthog, ...variables } });
  started.push(services);
  return services;
}

/** As Latchkey reads it, in the words of PostHog. */
const said = (reading: FlagReading | undefined) =>
  reading?.state === "on"
    ? { value: reading.variant ?? true, payload: reading.payload }
    : { value: reading?.state === "off" ? false : reading };

test("local evaluation, remote evaluation and plain SHA-1 agree on 2,000 random pairs of tenant and flag, and so do the checks", async () => {
  for (const { given } of flags) {
    const conditions = given.conditions?.map(({ properties = [], ...more }) => ({
      ...more,
      properties: properties.map((filter) => ({ ...filter, key: nameInPosthog(filter.key) })),
    }));
    fake.state.setFlag({ ...given, conditions });
  }
  const remote = await start({});
  await importText(remote, catalogue);
  await chooseMetadata(remote, ada, metadata);
  const local = await start({ POSTHOG_SECRET_KEY: fake.state.secretKey }, remote.url);
  expect(await local.posthog?.client.waitForLocalEvaluationReady(10_000)).toBe(true);

  const seen = { on: 0, off: 0, variants: 0, payloads: 0, falsy: 0 };
  for (const { key, properties } of tenants) {
    const [here, there] = await Promise.all(
      [local, remote].map(async (services) => {
        const { facts } = await services.facts.tenant(key);
        if (facts === null) throw new Error(`there is no ${key}`);
        const state = await services.posthog?.flags.of(facts);
        const { body } = await services.checks.preview(key, null);
        return { readings: state?.readings, entitlements: body.entitlements };
      }),
    );
    for (const { given, plainly } of flags) {
      const wanted = plainly(key, properties);
      const of = (way: typeof here) => ({ ...said(way?.readings?.get(given.key)), entitled: way?.entitlements[given.key]?.entitled });
      const expected = { ...wanted, entitled: wanted.value !== false && properties.status === "active" };
      expect({ flag: given.key, key, local: of(here), remote: of(there) }).toEqual({
        flag: given.key,
        key,
        local: expected,
        remote: expected,
      });
      seen[wanted.value === false ? "off" : "on"]++;
      if (typeof wanted.value === "string") seen.variants++;
      if (wanted.payload !== undefined) seen[wanted.payload ? "payloads" : "falsy"]++;
    }
  }
  expect(seen.on + seen.off).toBe(2_000);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  expect(tenants.filter(({ properties }) => properties.plan === null).length).toBeGreaterThan(3);
  // One asked PostHog once whom the flags are about and once for each tenant, the other one for nothing but its definitions.
  expect(fake.state.requests["/flags/"]).toBe(51);
  expect(fake.state.requests["/flags/definitions"]).toBe(1);
});
