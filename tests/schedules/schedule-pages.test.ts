import { afterAll, beforeAll, expect, test } from "vitest";
import { archivePlan } from "~/core/catalogue/plan-changes";
import type { TenantFacts } from "~/core/model";
import { scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/facts";
import { textOf } from "../support/page-text";
import { putAs, seedCatalogue } from "../support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
  await seedCatalogue(app);
});
afterAll(() => app.close());

let made = 0;
async function fresh(name?: string) {
  const key = `t${++made}`;
  await putAs(app, key, { name: name ?? `Tenant ${made}`, plan: "starter", addOns: ["phone"] });
  return key;
}
const facts = async (key: string) => (await app.services.facts.tenant(key)).facts as TenantFacts;
const local = (at: number) => new Date(at).toISOString().slice(0, 16);
const read = async (path: string, browser = admin) => textOf(await browser.get(path));
const planForm = async (key: string, more: Record<string, string>) => ({
  expected: String((await facts(key)).revision),
  plan: "premium",
  addOns: "phone",
  when: "later",
  zone: "UTC",
  ...more,
});
const soon = () => app.clock.now + 10 * day;

test("the form of a plan asks when, and a later change is listed on the tenant's page and on Home", async () => {
  const key = await fresh();
  expect(await read(`${paths.tenantPlan(key)}?plan=premium&addOns=phone`)).toMatch(/When Now .* On a date .* Date and time/);
  const done = await admin.post(paths.tenantPlan(key), await planForm(key, { at: local(soon()), note: "Contract" }));
  expect([done.status, done.headers.get("location")]).toEqual([302, paths.tenant(key)]);
  // Only what was changed is scheduled.
  expect((await facts(key)).scheduled).toMatchObject([{ at: soon(), plan: "premium", note: "Contract" }]);
  expect((await facts(key)).scheduled?.[0]).not.toHaveProperty("addOns");
  expect((await facts(key)).plan).toBe("starter");
  expect(await read(paths.tenant(key))).toMatch(/Coming changes Moves to Premium .*scheduled by .*\. Contract Move or cancel/);
  expect(await read("/")).toMatch(/Coming changes All Tenant \d+ Moves to Premium/);
  expect(await read(paths.tenant(key), viewer)).toMatch(/Coming changes Moves to Premium/);
  expect(await read(paths.tenant(key), viewer)).not.toContain("Move or cancel");
});

test("the tenant's pages as of a later instant show what takes effect until then, and the playground too", async () => {
  const key = await fresh();
  await admin.post(paths.tenantPlan(key), await planForm(key, { at: local(soon()) }));
  const asOf = (at: number) => read(paths.tenant(key, { at: new Date(at).toISOString() }));
  expect(await asOf(soon() - 1)).toContain("Plan Starter");
  expect(await asOf(soon())).toContain("Plan Premium");
  const playground = (at: number) => read(`/playground?tenant=${key}&feature=sso&at=${encodeURIComponent(local(at))}`);
  expect(await playground(soon() - day)).toContain("Not included in Starter");
  expect(await playground(soon() + day)).toContain("Part of Premium");
});

test("every page shows what took effect, before any row was written", async () => {
  const key = await fresh();
  await changeTenant(app.services, key, ada, (f, c, stamp) =>
    scheduleChange(f as TenantFacts, { at: app.clock.now + 1, plan: "premium", status: "suspended" }, c, stamp),
  );
  const before = app.clock.now;
  app.clock.now += 1;
  try {
    expect(await read(paths.tenant(key))).toMatch(/Suspended .*Plan Premium .*This tenant is suspended/);
    expect(await read(paths.tenantStatus(key))).toMatch(/is Suspended/);
    expect(await read(`/usage/compare?tenant=${key}&tenant=t1&show=all`)).toMatch(/Suspended/);
    expect(await read(paths.tenant(key))).not.toContain("Coming changes");
  } finally {
    app.clock.now = before;
  }
});

test.each([
  ["without a date", { at: "" }, "Choose the date and time."],
  ["with a date that is none", { at: "2027-02-31T99:00" }, "Choose a date and time."],
  ["in the past", { at: "2001-01-01T00:00" }, "Choose a time in the future."],
  ["with an archived plan", { plan: "legacy" }, "Legacy is archived"],
  ["with an unknown plan", { plan: "gone" }, "There is no plan gone."],
  ["in a zone that does not exist", { zone: "Mars/Olympus" }, "Choose a date and time."],
])("a plan that is to change later %s is refused with its sentence, and nothing is scheduled", async (_what, more, sentence) => {
  const key = await fresh();
  const form = await planForm(key, { at: local(soon()), ...more });
  const answer = await admin.post(`${paths.tenantPlan(key)}?plan=premium&addOns=phone`, form);
  expect(answer.status).toBe(422);
  expect(await textOf(answer)).toContain(sentence);
  expect((await facts(key)).scheduled).toBeUndefined();
});

test("a plan that someone else changed since the form was opened is not scheduled away, until the change was seen", async () => {
  const key = await fresh();
  const form = await planForm(key, { at: local(soon()) });
  await putAs(app, key, { addOns: ["phone", "nothing"] });
  const page = `${paths.tenantPlan(key)}?plan=premium&addOns=phone`;
  const answer = await admin.post(page, form);
  const html = await answer.text();
  expect([answer.status, html]).toEqual([409, expect.stringContaining("changed this meanwhile")]);
  expect((await facts(key)).scheduled).toBeUndefined();
  const expected = String((await facts(key)).revision);
  expect(html).toContain(`name="expected" value="${expected}"`);
  expect((await admin.post(page, { ...form, expected })).status).toBe(302);
  expect((await facts(key)).scheduled).toMatchObject([{ plan: "premium", addOns: { add: [], remove: ["nothing"] } }]);
});

test("a suspension is scheduled, moved in the reader's zone, and cancelled", async () => {
  const key = await fresh();
  const form = { expected: String((await facts(key)).revision), status: "suspended", when: "later", at: local(soon()), zone: "UTC" };
  expect((await admin.post(paths.tenantStatus(key), form)).status).toBe(302);
  const id = (await facts(key)).scheduled?.[0]?.id as string;
  const page = paths.tenantScheduled(key, id);
  expect(await read(page)).toMatch(/Tenant \d+ is suspended/);
  expect((await admin.post(page, { intent: "move", at: "2001-01-01T00:00", zone: "UTC" })).status).toBe(422);
  expect((await admin.post(page, { intent: "move", at: "2027-07-01T02:00", zone: "Europe/Paris" })).status).toBe(302);
  expect((await facts(key)).scheduled).toMatchObject([{ id, at: Date.UTC(2027, 6, 1) }]);
  expect((await admin.post(page, { intent: "cancel" })).status).toBe(302);
  expect((await facts(key)).scheduled).toBeUndefined();
  expect(await read(page)).toContain("This change was cancelled, or has taken effect.");
  const again = await admin.post(page, { intent: "cancel" });
  expect([again.status, await textOf(again)]).toEqual([422, expect.stringContaining("There is no scheduled change")]);
});

test("an import that archives a plan names the tenants that are scheduled to get it", async () => {
  const key = await fresh("Named in the preview");
  await admin.post(paths.tenantPlan(key), await planForm(key, { at: local(soon()) }));
  const text = "latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans:\n  starter:\n    features: [sso]\n";
  const preview = await textOf(await admin.post(paths.importPreview(), { name: "file.yaml", text }));
  expect(preview).toMatch(/scheduled to get a plan that this archives\. .*These changes will have no effect: .*Named in the preview/);
});

test("the page of all coming changes has each once, by time, over several pages", async () => {
  const keys: string[] = [];
  for (let i = 0; i < 30; i += 1) {
    const key = await fresh(`Listed ${i}`);
    keys.push(key);
    await changeTenant(app.services, key, ada, (f, c, stamp) =>
      scheduleChange(f as TenantFacts, { at: soon() + day + (i % 3), status: "suspended" }, c, stamp),
    );
  }
  const seen: string[] = [];
  let to: string | undefined = paths.comingChanges();
  while (to) {
    const html: string = await (await admin.get(to)).text();
    seen.push(...[...html.matchAll(/>(Listed \d+)<\/a>/g)].map(([, name = ""]) => name));
    to = /href="(\/coming-changes\?page=[^"]+)"/.exec(html)?.[1];
  }
  expect(seen.length).toBe(30);
  expect(new Set(seen).size).toBe(30);
  expect(await read(paths.comingChanges({ page: "nonsense" }))).toContain("Coming changes");
});

test("archiving a plan names the tenants whose change would have no effect, and their pages say so before its time", async () => {
  await putAs(app, "names", { name: "Long name ".repeat(18).trim(), plan: "premium" });
  await changeTenant(app.services, "names", ada, (f, c, stamp) =>
    scheduleChange(f as TenantFacts, { at: soon(), plan: "starter" }, c, stamp),
  );
  expect(await read(paths.planEdit("starter", "archive"))).toMatch(/1 tenant is scheduled to get it\. .*Long name/);
  await changeCatalogue(app.services, ada, (f, stamp) => archivePlan(f, "starter", stamp));
  expect(await read(paths.tenant("names"))).toMatch(/Will have no effect A plan or add-on of this change is archived/);
  expect(await read(paths.comingChanges())).toMatch(/Without effect .*Long name .*Moves to Starter .*Next (?!.*Long name)/);
  expect(await read("/")).toMatch(/Coming changes .*Long name .*Moves to Starter .*Will have no effect/);
});
