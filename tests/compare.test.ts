import { afterAll, beforeAll, expect, test } from "vitest";
import { day, isoDay } from "~/core/time";
import { paths } from "~/paths";
import { recordUsage } from "~/server/usage/usage.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { now } from "./support/facts";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let viewer: Browser;
const read = async (path: string) => textOf(await viewer.get(path));
const html = async (path: string) => (await viewer.get(path)).text();

beforeAll(async () => {
  app = await startTestApp();
  await seedCatalogue(app);
  viewer = await app.signIn("viewer");
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
  await putAs(app, "globex", { name: "Globex", plan: "premium", addOns: ["phone"] });
  await putAs(app, "hooli", { name: "Hooli", plan: "starter" });
  await putAs(app, "hooli-labs", { name: "Hooli Labs", plan: "starter", status: "suspended" });
  await trialAs(app, "acme", "sso");
  await overrideAs(app, "globex", { feature: "epics", effect: "deny" });
  const event = { feature: "api.calls", action: "add" as const };
  await recordUsage(app.services, [
    { ...event, tenant: "acme", quantity: 85, idempotencyKey: "a" },
    { ...event, tenant: "globex", quantity: 40, idempotencyKey: "b" },
  ]);
  const counted = (tenant: string, at: number, count: number) => ({
    ...{ tenant, day: isoDay(at), feature: "sso", allowed: true, source: "plan", count, firstAt: at, lastAt: at },
  });
  await app.services.db.transaction([], (tx) =>
    putCheckCounts(tx, app.services.db.tables, [counted("acme", now, 7), counted("acme", now - 8 * day, 3), counted("globex", now, 2)]),
  );
});
afterAll(() => app.close());

test("without tenants, and with one, the page says how many to choose", async () => {
  expect(await read(paths.compare([]))).toContain("Choose two to four tenants");
  expect(await read(paths.compare(["acme"]))).toContain("Choose one more tenant");
});

test("plans, status, checks and the range before are side by side", async () => {
  const text = await read(paths.compare(["acme", "globex"], { days: 7 }));
  expect(text).toMatch(/Plan (\(differs\) )?Starter Premium/);
  expect(text).toMatch(/Add-ons \(differs\) None Phone support/);
  expect(text).toContain("Checks in 7 days (differs) 7 2");
  expect(text).toContain("In the 7 days before (differs) 3 0");
  expect(await read(paths.compare(["acme", "globex"], { days: 30 }))).toContain("Checks in 30 days (differs) 10 2");
});

test("features that differ come first, with value, limit and source, and equal ones are a count", async () => {
  const text = await read(paths.compare(["acme", "globex"]));
  expect(text).toContain("5 features differ, 1 is equal. Show equal ones too");
  const order = ["API calls 100 calls Plan 1,000 calls Plan", "Audit trail – Not included Plan", "Epics Plan Denied", "Support"];
  expect(order.map((row) => text.indexOf(row)).every((at, i, all) => at > (all[i - 1] ?? 0))).toBe(true);
  expect(text).toMatch(/Single sign-on Same, from another source Trial Plan/);
  expect(text).not.toContain("Branding");
  expect(await read(paths.compare(["acme", "globex"], { show: "all" }))).toContain("Branding Equal");
  expect(await read(paths.compare(["acme", "hooli"]))).toContain("1 feature differs, 5 are equal");
});

test("use of a limit has one scale over the tenants", async () => {
  const page = await html(paths.compare(["acme", "globex"]));
  expect(page.replaceAll("<!-- -->", "")).toContain("0 to 1,000 calls");
  // 85 of 100 and 40 of 1,000 on a scale to 1,000.
  expect(page).toMatch(/<rect y="2" width="8.5"/);
  expect(page).toMatch(/<line x1="10" x2="10"/);
  expect(page).toMatch(/<rect y="2" width="4"/);
});

test("a suspended tenant is compared by what it would have", async () => {
  const text = await read(paths.compare(["hooli", "hooli-labs"]));
  expect(text).toContain("Hooli Labs is suspended. Compared is what it would have if it were active.");
  expect(text).toContain("These tenants have the same of all 6 features.");
});

test("words that name one tenant lead to its key, and others to those that come near", async () => {
  const found = await viewer.get(paths.compare(["acme", "glob"]));
  expect(found.status).toBe(302);
  expect(found.headers.get("location")).toBe("/usage/compare?tenant=acme&tenant=globex&days=30");
  expect(await read(paths.compare(["acme", "hool"]))).toMatch(/Several tenants match “hool”, or come near Hooli Hooli Labs/);
  expect(await html(paths.compare(["acme", "hool"]))).toContain('href="/usage/compare?tenant=acme&amp;tenant=hooli-labs&amp;days=30"');
  expect(await read(paths.compare(["acme", "zzzz"]))).toContain("No tenant is called “zzzz”");
});

test("of more than four the others are named, and the same one counts once", async () => {
  expect(await read(paths.compare(["acme", "globex", "hooli", "hooli-labs", "initech"]))).toContain("Left out: initech.");
  expect(await read(paths.compare(["acme", "acme"]))).toContain("Choose one more tenant");
});

test("the pages of a tenant and the list of usage lead here", async () => {
  expect(await html(paths.tenant("acme"))).toContain('href="/usage/compare?tenant=acme"');
  await app.services.figures.pass();
  const list = await html(paths.usage());
  expect(list).toMatch(/<form method="get" action="\/usage\/compare" id="compare"/);
  expect(list).toMatch(/<input type="checkbox" form="compare" name="tenant" aria-label="Compare Acme"[^>]* value="acme"/);
});

test("whatever the address holds, the page answers with a sentence", async () => {
  for (const query of ["tenant=%00&tenant=acme", "tenant=acme&tenant=globex&days=x&page=-4&show=z", `tenant=${"x".repeat(500)}`]) {
    const response = await viewer.get(`/usage/compare?${query}`);
    expect([query, response.status]).toEqual([query, 200]);
  }
});
