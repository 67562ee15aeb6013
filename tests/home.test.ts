import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { day, isoDay } from "~/core/time";
import { paths } from "~/paths";
import { createKey } from "~/server/keys/api-keys.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada, now } from "./support/facts";
import { textOf } from "./support/page-text";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
});
afterAll(() => app.close());

const home = async (browser = admin) => textOf(await browser.get("/"));

test("a new installation is led to its first check, step by step", async () => {
  expect((await admin.get("/")).headers.get("location")).toBe("/welcome");
  await seedCatalogue(app);
  expect(await home()).toMatch(/Done: Import a catalogue .*To do: Create the first tenant .*To do: Create an API key/);
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
  expect(await home()).not.toContain("tenant=acme");
  await createKey(app.services, ada, { name: "App", scopes: ["check"], expiresAt: null });
  expect(await home()).toMatch(/Done: Create an API key .*To do: Send the first check\. .*tenant=acme/);
});

test("it lists trials that end, demand, tenants per plan and the last changes, each with the way to the list", async () => {
  await trialAs(app, "acme", "sso", { endsAt: now + 3 * day });
  await trialAs(app, "acme", "audit.log", { endsAt: now + 8 * day });
  const { db } = app.services;
  const count = { tenant: "acme", feature: "branding", allowed: false, source: "none", count: 12, firstAt: now, lastAt: now };
  await db.transaction([], (tx) => putCheckCounts(tx, db.tables, [{ ...count, day: isoDay(now) }]));
  await app.services.figures.pass();
  const text = await home();
  expect(text).toMatch(/Trials ending in 7 days 1 in all Acme Single sign-on, ends in 3 days Extend 14 days/);
  expect(text).toMatch(/Refused most this week .*Branding 12 from 1 tenant/);
  expect(text).toMatch(/Tenants per plan Starter 1/);
  expect(text).toMatch(/granted a trial of Single sign-on for Acme until 23 Nov 2026/);
});

test("a part that cannot be read says so, and the others are there", async () => {
  const failing = vi.spyOn(app.services.tenantCounts, "groups").mockRejectedValue(new Error("disk"));
  try {
    const text = await home();
    expect(text).toContain("Plans could not be read. Reload the page to try again.");
    expect(text).toContain("Trials ending in 7 days 1 in all");
  } finally {
    failing.mockRestore();
  }
});

test("a key that expires soon, or was never used, is named", async () => {
  await createKey(app.services, ada, { name: "Old app", scopes: ["check"], expiresAt: now + 5 * day });
  expect(await home()).toMatch(/An API key expires soon\. Old app in 5 days/);
  app.clock.now = now + 4 * day;
  expect(await home()).not.toContain("was never used");
  app.clock.now = now;
});

test("more keys than are named are counted", async () => {
  for (let i = 1; i <= 6; i++) await createKey(app.services, ada, { name: `App ${i}`, scopes: ["check"], expiresAt: now + 2 * day });
  expect(await home()).toMatch(/7 API keys expire soon\. .* and 2 more Open keys/);
});

test("a trial that the plan has made redundant is named, and one that gives more than the plan is not", async () => {
  await putAs(app, "globex", { name: "Globex", plan: "starter" });
  const trial = await trialAs(app, "globex", "sso");
  await trialAs(app, "globex", "api.calls", { value: 5_000 });
  await trialAs(app, "globex", "support", { value: "community" });
  const titled = /Trials that a plan has made redundant .*?1 in all Globex Support, part of Starter End trial/;
  expect(await home()).toMatch(titled);
  await putAs(app, "globex", { name: "Globex", plan: "premium" });
  expect(await home()).toMatch(/2 in all Globex (Single sign-on, part of Premium End trial Globex Support|Support.*Globex Single sign-on)/);
  await admin.post(paths.grantEnd("globex", trial), {});
  expect(await home()).toMatch(/1 in all Globex Support, part of Premium/);
  await putAs(app, "globex", { name: "Globex", status: "suspended" });
  expect(await home()).not.toContain("made redundant");
});

test("a viewer is offered no change", async () => {
  const text = await home(await app.signIn("viewer"));
  expect(text).toContain("Trials ending in 7 days");
  expect(text).not.toContain("Extend 14 days");
});
