import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { textOf } from "./support/page-text";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let support: Browser;
beforeAll(async () => {
  app = await startTestApp();
  await seedCatalogue(app);
  support = await app.signIn("support");
});
afterAll(() => app.close());

let count = 0;
async function tenant(): Promise<string> {
  const key = `t${++count}`;
  await putAs(app, key, { name: `Tenant ${key}`, plan: "starter" });
  return key;
}
const optionsIn = (html: string) => [...html.matchAll(/name="feature"[^>]*value="([^"]+)"/g)].map(([, key]) => key);

test("features refused in the last 30 days come first, most refused first, and neither older nor allowed checks count", async () => {
  const key = await tenant();
  const at = app.clock.now;
  const counted = (feature: string, daysAgo: number, checks: number, allowed = false) => ({
    ...{ tenant: key, day: new Date(at - daysAgo * day).toISOString().slice(0, 10), feature, allowed, source: "none", count: checks },
    ...{ firstAt: at, lastAt: at },
  });
  const { db } = app.services;
  const counts = [counted("sso", 29, 5), counted("audit.log", 0, 1204), counted("epics", 0, 9), counted("support", 30, 99)];
  await db.transaction([], (tx) => putCheckCounts(tx, db.tables, [...counts, counted("branding", 0, 500, true), counted("*", 0, 7)]));
  const page = await support.get(paths.trialNew(key));
  const html = await page.text();
  // The plan includes epics, so a refusal of it is over.
  expect(optionsIn(html).length).toBe(6);
  expect(optionsIn(html).slice(0, 2)).toEqual(["audit.log", "sso"]);
  expect(html).toContain("Refused 1,204 times in the last 30 days.");
  expect(html).not.toContain("Refused 99 times");
  expect(html).not.toContain("Refused 9 times");
});

test("after granting, the form returns to the page it names on this site", async () => {
  const key = await tenant();
  const back = paths.tenantFeatures(key, { q: "sso" });
  const done = await support.post(paths.trialNew(key), { feature: "sso", length: "7", returnTo: back });
  expect([done.status, done.headers.get("location")]).toEqual([302, back]);
  const elsewhere = await support.post(paths.trialNew(key), { feature: "audit.log", length: "7", returnTo: "https://evil.example/" });
  expect(elsewhere.headers.get("location")).toMatch(new RegExp(`^${paths.tenantGrants(key)}\\?done=gr_`));
});

test("Enter in the list of tenants opens a single match and shows the list of several or none", async () => {
  await putAs(app, "only-one", { name: "Solitary", plan: "starter" });
  const opened = async (q: string) => (await support.get(`/tenants?q=${q}&open=only`)).headers.get("location");
  expect(await opened("solit")).toBe(paths.tenant("only-one"));
  expect(await opened("tenant")).toBe("/tenants?q=tenant");
  expect(await opened("nobody")).toBe("/tenants?q=nobody");
});

test("a trial of what the plan includes says so before it is granted and after", async () => {
  const key = await tenant();
  expect(await textOf(await support.get(paths.trialNew(key)))).toContain("Starter includes it already, so a trial changes nothing.");
  const back = paths.tenantFeatures(key);
  const done = await support.post(paths.trialNew(key), [
    ["feature", "epics"],
    ["feature", "sso"],
    ["length", "7"],
    ["returnTo", back],
  ]);
  expect(done.status).toBe(302);
  expect(await textOf(await support.get(back))).toContain("Its plan or an add-on gives as much of Epics already.");
});

test("the page says before granting what is live, included, ended, suspended and archived", async () => {
  const key = await tenant();
  await trialAs(app, key, "sso");
  const past = await trialAs(app, key, "audit.log");
  await support.post(paths.grantEnd(key, past), {});
  const words = async () => textOf(await support.get(paths.trialNew(key)));
  expect(await words()).toMatch(/On trial until 4 December 2026\..*Extend/);
  expect(await words()).toContain("A trial ended on 20 November 2026.");
  await putAs(app, key, { status: "suspended" });
  expect(await words()).toContain("is suspended, so every answer stays no until it is reinstated. A trial runs meanwhile.");
  await putAs(app, key, { status: "archived" });
  expect(await words()).toContain("is archived. Reinstate it before you grant it anything.");
});
