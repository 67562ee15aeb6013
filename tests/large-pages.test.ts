import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { featureKey, fillLargeDataset, planKey, tenantKey } from "./support/large-dataset";
import { pageAddresses } from "./support/page-addresses";

/** A page's answer, HTML with its data, in bytes. */
const maxPageBytes = 1_000_000;

let app: TestApp;
let owner: Browser;

beforeAll(async () => {
  app = await startTestApp();
  await fillLargeDataset(app.services, app.services.env.databaseUrl, {
    tenants: 5_000,
    plans: 1_000,
    features: 1_000,
    entriesPerPlan: 49,
    days: 5,
  });
  await app.services.facts.look();
  owner = await app.signIn();
});
afterAll(() => app.close());

test("no page of a catalogue at its bounds is larger than 1 MB", async () => {
  const known = { plan: planKey(0), feature: featureKey(0), tenant: tenantKey(0), grant: "gr_0", seq: "1", id: "adm_owner" };
  const sizes: [string, number, number][] = [];
  for (const address of pageAddresses(known)) {
    const response = await owner.get(address);
    sizes.push([address, response.status, (await response.text()).length]);
  }
  expect(sizes.length).toBeGreaterThan(40);
  expect(sizes.filter(([, status]) => status >= 500)).toEqual([]);
  expect(sizes.filter(([, , bytes]) => bytes > maxPageBytes)).toEqual([]);
});
