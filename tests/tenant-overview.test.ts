import { afterAll, beforeAll, expect, test } from "vitest";
import { day, isoDay } from "~/core/time";
import { paths } from "~/paths";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { now } from "./support/facts";
import { textOf } from "./support/page-text";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  await seedCatalogue(app);
});
afterAll(() => app.close());

const read = async (path: string, browser = admin) => textOf(await browser.get(path));

async function refuse(tenant: string, feature: string, count: number, daysAgo = 1) {
  const { db } = app.services;
  const at = now - daysAgo * day;
  const row = { tenant, day: isoDay(at), feature, allowed: false, source: "none", count, firstAt: at, lastAt: at };
  await db.transaction([], (tx) => putCheckCounts(tx, db.tables, [row]));
}

test("the first page of a tenant shows limits, grants, refusals with the way out, features by group, and its last changes", async () => {
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
  await trialAs(app, "acme", "sso", { endsAt: now + 14 * day });
  await refuse("acme", "audit.log", 12);
  await refuse("acme", "audit.log", 30, 29);
  await refuse("acme", "audit.log", 1_000, 30);
  await refuse("acme", "sso", 5);
  await refuse("acme", "made.up", 2);
  const text = await read(paths.tenant("acme"));
  expect(text).toMatch(/Limits API calls 0 of 100 calls .*Raise/);
  expect(text).toMatch(/Trials and overrides Single sign-on Trial Ends 4 Dec, 10:00 UTC, in 14 days , by .*Extend End/);
  expect(text).toMatch(/Audit trail Not included in Starter\. Included in Premium\. .*42 Grant trial/);
  expect(text).toMatch(/Single sign-on Has it now: On trial until 4 December 2026\. .*5/);
  expect(text).toMatch(/made\.up This feature is not in the catalogue\. .*2/);
  expect(text).toMatch(/granted a trial of Single sign-on until 4 Dec 2026/);
});

test("a trial of what the plan has by now is marked as redundant", async () => {
  await putAs(app, "grown", { name: "Grown", plan: "starter" });
  await trialAs(app, "grown", "sso");
  expect(await read(paths.tenant("grown"))).not.toContain("Redundant");
  await putAs(app, "grown", { plan: "premium" });
  expect(await read(paths.tenant("grown"))).toContain("Redundant");
});

test("a suspended tenant's page says what it would have", async () => {
  await putAs(app, "late", { name: "Late", plan: "starter", status: "suspended" });
  const text = await read(paths.tenant("late"));
  expect(text).toMatch(/This tenant is suspended\. Every check answers no\. This page shows what it would have: \d+ features\. Reinstate/);
  expect(text).toMatch(/API calls 0 of 100 calls/);
});

test("a tenant without a plan, grants and checks has a sentence for each", async () => {
  await putAs(app, "empty", { name: "Empty" });
  const text = await read(paths.tenant("empty"));
  expect(text).toMatch(/This tenant has no plan\. .*Choose a plan/);
  expect(text).toContain("No trial or override is live or upcoming.");
  expect(text).toContain("Nothing was refused in the last 30 days.");
  expect(await read(paths.tenantFeatures("empty"))).toMatch(/No feature yet .*Show all features/);
});

test("what was asked for stays in the list of features when it is refused", async () => {
  await putAs(app, "curious", { name: "Curious" });
  await refuse("curious", "audit.log", 1);
  const text = await read(paths.tenantFeatures("curious"));
  expect(text).toContain("Audit trail");
  expect(text).not.toContain("Single sign-on");
});

test("the address that listed features before leads to them", async () => {
  const moved = await admin.get("/tenants/acme?q=sso&show=trial");
  expect([moved.status, moved.headers.get("location")]).toEqual([302, "/tenants/acme/features?q=sso&show=trial"]);
});

test("a viewer is offered no change", async () => {
  const viewer = await app.signIn("viewer");
  const text = await read(paths.tenant("acme"), viewer);
  expect(text).toContain("Audit trail Not included in Starter.");
  for (const offer of ["Raise", "Extend", "Grant trial", "Choose a plan"]) expect(text).not.toContain(offer);
});

test("times are shown in the zone that the browser named, and in UTC without one", async () => {
  admin.cookies.set("time_zone", "America/Los_Angeles");
  try {
    const text = await read(paths.tenant("acme"));
    expect(text).toContain("Ends 4 Dec, 02:00 PST, in 14 days");
    const form = { feature: "audit.log", length: "own", endsAt: "2026-12-13T18:12", zone: "America/Los_Angeles" };
    await admin.post(paths.trialNew("acme"), form);
    expect(await read(paths.tenant("acme"))).toContain("Audit trail Trial Ends 13 Dec, 18:12 PST, in 24 days");
  } finally {
    admin.cookies.delete("time_zone");
  }
  expect(await read(paths.tenant("acme"))).toContain("Audit trail Trial Ends 14 Dec, 02:12 UTC, in 24 days");
});
