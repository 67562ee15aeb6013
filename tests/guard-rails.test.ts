import { desc } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noRails } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { readRails, saveRails } from "~/server/rails/rails.server";
import type { Services } from "~/server/services.server";
import { writeSetting } from "~db/store/settings.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { feature, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

const newest = async ({ db }: Services) => {
  const [row] = await db.read.select().from(db.tables.audit).orderBy(desc(db.tables.audit.seq)).limit(1);
  return row;
};
const grantsIn = async ({ db }: Services) => (await db.read.select().from(db.tables.grants)).length;

describe.each(engines)("for programs, on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([feature("sso", { name: "Single sign-on" }), feature("epics"), feature("audit")], [plan("free", {})]);
    for (const key of ["acme", "globex", "hooli"]) await api.tenant(key, { name: key, plan: "free" });
    await saveRails(api.services, ada, { ...noRails, maxDays: 30, maxExtensions: 1, daysApart: 90, maxLive: 1, why: "Sales agreed." });
  });
  afterAll(() => api.stop());
  const grant = async (key: string, more: object) => {
    const response = await api.send("POST", `/api/tenants/${key}/grants`, { kind: "trial", feature: "sso", days: 14, ...more });
    return { status: response.status, body: (await response.json()) as Record<string, string> & { grants: { id: string }[] } };
  };

  test("a trial beyond a limit is refused with the limit, its reason and the field, and nothing is written", async () => {
    const before = await grantsIn(api.services);
    const { status, body } = await grant("acme", { days: 31 });
    expect([status, body.code, body.field]).toEqual([422, "guard_rail", "reason"]);
    expect(body.detail).toBe(
      "A trial lasts up to 30 days, extensions included. This one would last 31 days. Sales agreed. To go on, send a reason.",
    );
    expect((await grant("acme", { days: 31, reason: "  " })).status).toBe(422);
    expect(await grantsIn(api.services)).toBe(before);
  });

  test("with a reason it is granted, and the audit log has the reason and the limit that was passed", async () => {
    expect((await grant("acme", { days: 31, note: "Pilot", reason: "Agreed with the CFO" })).status).toBe(201);
    expect(await newest(api.services)).toMatchObject({
      action: "trial.granted",
      why: "Agreed with the CFO",
      after: { railsPassed: ["longest trial"], grants: [{ note: "Pilot" }] },
    });
  });

  test("within the limits a reason changes nothing, and overrides are not bound", async () => {
    expect((await grant("globex", { note: "Pilot", reason: "No need" })).status).toBe(201);
    const row = await newest(api.services);
    expect([row?.why, row?.after]).toEqual(["Pilot", expect.not.objectContaining({ railsPassed: expect.anything() })]);
    const endsAt = new Date(api.clock.now + 400 * day).toISOString();
    const override = { kind: "override", feature: "epics", effect: "allow", endsAt };
    expect((await api.send("POST", "/api/tenants/globex/grants", override)).status).toBe(201);
  });

  test("of two trials at the same time that pass the limit together, one is granted", async () => {
    const both = await Promise.all(["sso", "epics"].map((feature) => grant("hooli", { feature })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(both.find(({ status }) => status === 422)?.body.detail).toContain("up to 1 trial at once");
  });

  test("an extension too many needs a reason", async () => {
    const made = await grant("hooli", { feature: "audit", reason: "One more" });
    const extend = async (id: string | undefined, more: object = {}) => {
      const response = await api.send("POST", `/api/grants/${id}/extend`, { days: 1, ...more });
      return { status: response.status, body: (await response.json()) as { detail: string; grants: { id: string; endedAt: null }[] } };
    };
    const once = await extend(made.body.grants[0]?.id);
    const id = once.body.grants.find(({ endedAt }) => endedAt === null)?.id;
    const twice = await extend(id);
    expect([once.status, twice.status, twice.body.detail]).toEqual([200, 422, expect.stringContaining("extended up to 1 time. This one")]);
    expect((await extend(id, { reason: "Migration is late" })).status).toBe(200);
    expect(await newest(api.services)).toMatchObject({ why: "Migration is late", after: { railsPassed: ["most extensions"] } });
  });

  test("a setting that cannot be read sets no limit", async () => {
    const { db } = api.services;
    const broken = { maxDays: "x", maxExtensions: 2 };
    await db.transaction([], (tx) => writeSetting(tx, db.tables, "guard_rails", broken));
    expect(await readRails(db.read, db.tables)).toEqual({ ...noRails, maxExtensions: 2 });
    await db.transaction([], (tx) => writeSetting(tx, db.tables, "guard_rails", "nonsense"));
    expect(await readRails(db.read, db.tables)).toEqual(noRails);
  });
});

describe("on pages", () => {
  let app: TestApp;
  let admin: Browser;
  let support: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    [admin, support] = [await app.signIn("admin"), await app.signIn("support")];
  });
  afterAll(() => app.close());
  let count = 0;
  const tenant = async () => {
    const key = `r${++count}`;
    await putAs(app, key, { name: `Tenant ${key}`, plan: "starter" });
    return key;
  };
  const liveOf = async (key: string) => (await app.services.facts.tenant(key)).facts?.grants.filter((g) => g.endedAt === null).length;
  const save = (form: Record<string, string>) => admin.post(paths.rails(), { support: "bound", ...form });
  const trial = (browser: Browser, key: string, more: Record<string, string> = {}) =>
    browser.post(paths.trialNew(key), { feature: "sso", length: "30", zone: "UTC", ...more });

  test("limits that are saved are shown again, in the audit log, and beside wrong ones what is wrong", async () => {
    expect((await save({ maxDays: "20", maxLive: "3", why: "Sales agreed." })).status).toBe(302);
    const html = await (await admin.get(paths.rails())).text();
    expect(html).toMatch(/name="maxDays"[^>]*value="20"/);
    expect(await textOf(await admin.get(paths.audit()))).toContain("changed the guard rails");
    for (const [field, value, sentence] of [
      ["maxDays", "0", "Write whole days from 1 to 3,650, or leave it empty."],
      ["maxDays", "3651", "Write whole days from 1 to 3,650, or leave it empty."],
      ["daysApart", "1.5", "Write whole days from 1 to 3,650, or leave it empty."],
      ["maxExtensions", "many", "Write a number from 0 to 100, or leave it empty."],
      ["why", "x".repeat(301), "The reason has up to 300 characters."],
      ["support", "all", "Choose what support may do."],
    ] as const) {
      const response = await save({ [field]: value });
      expect([field, value, response.status]).toEqual([field, value, 422]);
      expect(await textOf(response)).toContain(sentence);
    }
    expect(await readRails(app.services.db.read, app.services.db.tables)).toMatchObject({ maxDays: 20, maxLive: 3, why: "Sales agreed." });
  });

  test("the forms say the limits before they are sent, and what the role may do beyond them", async () => {
    await save({ maxDays: "20", why: "Sales agreed." });
    const key = await tenant();
    const said = "A trial lasts up to 20 days, extensions included. Sales agreed.";
    expect(await textOf(await support.get(paths.trialNew(key)))).toContain(`${said} Beyond that, ask an admin.`);
    expect(await textOf(await admin.get(paths.trialNew(key)))).toContain(`${said} Beyond that, write the reason as the note.`);
    const id = await trialAs(app, key, "sso");
    expect(await textOf(await support.get(paths.grantExtend(key, id)))).toContain(`${said} Beyond that, ask an admin.`);
  });

  test("support is refused beyond a limit even with a note, and an admin without one", async () => {
    await save({ maxDays: "20" });
    const key = await tenant();
    const before = await grantsIn(app.services);
    for (const [browser, note, sentence] of [
      [support, "Please", "This one would last 30 days. Your role is bound by this. Ask an admin."],
      [admin, "", "This one would last 30 days. To go on, write the reason as the note."],
    ] as const) {
      const response = await trial(browser, key, { note });
      expect(response.status).toBe(422);
      expect(await textOf(response)).toContain(sentence);
    }
    expect(await grantsIn(app.services)).toBe(before);
    expect((await trial(admin, key, { note: "Agreed" })).status).toBe(302);
    expect(await newest(app.services)).toMatchObject({ why: "Agreed", after: { railsPassed: ["longest trial"] } });
    expect(await textOf(await admin.get(paths.audit()))).toContain("beyond a guard rail");
  });

  test("support goes on with a note where the setting allows it", async () => {
    await save({ maxDays: "20", support: "reason" });
    const key = await tenant();
    expect((await trial(support, key)).status).toBe(422);
    expect((await trial(support, key, { note: "Asked for by phone" })).status).toBe(302);
  });

  test("support cannot undo an act of others into what is closed to it, and can take back its own", async () => {
    await save({});
    const key = await tenant();
    await trial(admin, key);
    const entry = (await newest(app.services))?.seq ?? 0;
    const other = await tenant();
    await trial(support, other);
    const own = (await newest(app.services))?.seq ?? 0;
    await save({ supportMayNot: "end" });
    const before = await grantsIn(app.services);
    const closed = "Support does not end trials here. Ask an admin to undo this.";
    expect(await textOf(await support.get(paths.auditUndo(entry)))).toContain(closed);
    const refused = await support.post(paths.auditUndo(entry), { partial: "yes" });
    expect([await liveOf(key), await grantsIn(app.services)]).toEqual([1, before]);
    expect(refused.status).toBe(302);
    expect((await support.post(paths.auditUndo(own), {})).status).toBe(302);
    expect(await liveOf(other)).toBe(0);
    expect((await admin.post(paths.auditUndo(entry), {})).status).toBe(302);
    expect(await liveOf(key)).toBe(0);
  });

  test("the command line of the search says the limit, and leads an admin to the form", async () => {
    await save({ maxDays: "20" });
    const key = await tenant();
    const found = (browser: Browser) => browser.get(paths.search(`trial ${key} sso 30`));
    expect(await textOf(await found(support))).toContain("This one would last 30 days. Your role is bound by this. Ask an admin.");
    const page = await (await found(admin)).text();
    expect(page).toContain(`href="${paths.trialNew(key, "sso")}"`);
    expect(page).toContain("To go on, write the reason as the note");
  });
});
