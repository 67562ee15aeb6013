import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "~/core/model";
import { type GuardRails, noRails } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { createBulk, runPreview } from "~/server/bulk/bulk.server";
import { endNow } from "~/server/grants/grant-changes.server";
import { saveRails } from "~/server/rails/rails.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { insertAdmin } from "~db/store/admins.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { itemsOf, jobNow, operator, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { textOf } from "../support/page-text";
import { engines, startServices, type TestServices } from "../support/services";
import { trialAs } from "../support/tenant-world";

const person = (role: "support" | "admin"): Actor => ({ kind: "admin", id: `adm_${role}`, name: role === "admin" ? "Ada" : "Sue" });
const grant = { act: "grant_trial" as const, features: [{ feature: "sso" }], days: 14 };
const extend = { act: "extend_trial" as const, features: [] as string[], days: 14 };
const keysOf = (n: number) => ({ kind: "keys" as const, keys: tenantsNamed(n).map(([key]) => key) });

describe.each(engines)("a bulk act within guard rails, on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
    await seedTenants(services, tenantsNamed(4));
    for (const role of ["support", "admin"] as const) {
      const { id, name } = person(role);
      const row = { id, name, role, email: `${role}@example.com`, createdBy: "test", createdAt: new Date(services.now()) };
      await services.db.transaction([], (tx) => insertAdmin(tx, services.db.tables, row));
    }
  });
  afterEach(() => services.stop());

  const rails = (rules: Partial<GuardRails>) => saveRails(services, operator, { ...noRails, ...rules });
  const run = async (by: Actor, act: Parameters<typeof createBulk>[2]["act"], more: { reason?: string; isPreview?: boolean } = {}) => {
    const created = await createBulk(services, by, { act, selection: keysOf(4), note: null, isPreview: false, ...more });
    if (!created.ok) throw new Error(created.message);
    await services.jobs.runAll();
    return created.job;
  };
  const states = async (job: { id: string }) => (await itemsOf(services, job)).map(({ state }) => state);
  const messages = async (job: { id: string }) => [...new Set((await itemsOf(services, job)).map(({ message }) => message))];
  const granted = async () => (await services.db.read.select().from(services.db.tables.grants)).length;
  const auditOf = (action: string) =>
    services.db.read.select().from(services.db.tables.audit).where(eq(services.db.tables.audit.action, action));
  const allOf = (state: string) => Array(4).fill(state);

  test("tenants beyond a limit are skipped with its sentence, and one reason lets all of them pass", async () => {
    await rails({ maxDays: 7, why: "Sales agreed." });
    const preview = await run(person("admin"), grant, { isPreview: true });
    const sentence = "A trial lasts up to 7 days, extensions included. This one would last 14 days. Sales agreed.";
    expect([await states(preview), await messages(preview)]).toEqual([
      allOf("skipped"),
      [`${sentence} To go on, write the reason as the note.`],
    ]);
    expect(await states(await run(person("admin"), grant))).toEqual(allOf("skipped"));
    expect(await granted()).toBe(0);
    const job = await run(person("admin"), grant, { reason: "Agreed with the CFO" });
    expect(await states(job)).toEqual(allOf("done"));
    expect((await messages(job))[0]).toContain("Beyond the guard rail “longest trial”.");
    const logged = await auditOf("trial.granted");
    expect(logged.map(({ why, after }) => [why, (after as { railsPassed: unknown }).railsPassed])).toEqual(
      Array(4).fill(["Agreed with the CFO", ["longest trial"]]),
    );
  });

  test("support is bound whatever reason it gives, unless the setting says otherwise", async () => {
    await rails({ maxDays: 7 });
    const job = await run(person("support"), grant, { reason: "Please" });
    expect(await states(job)).toEqual(allOf("skipped"));
    expect((await messages(job))[0]).toContain("Your role is bound by this. Ask an admin.");
    await rails({ maxDays: 7, supportMayPass: true });
    expect(await states(await run(person("support"), grant, { reason: "Please" }))).toEqual(allOf("done"));
  });

  test("each extension of a tenant with several trials is bound", async () => {
    await run(person("admin"), { ...grant, features: [{ feature: "sso" }, { feature: "audit" }] });
    await rails({ maxExtensions: 1 });
    expect(await states(await run(person("admin"), extend))).toEqual(allOf("done"));
    const again = await run(person("admin"), { ...extend, features: ["audit"] });
    expect([await states(again), (await messages(again))[0]]).toEqual([allOf("skipped"), expect.stringContaining("extended up to 1 time")]);
    expect(await states(await run(person("admin"), extend))).toEqual(allOf("skipped"));
  });

  test("the limits and the role of the moment of the job count, not those of its preview", async () => {
    const preview = await run(person("support"), grant, { isPreview: true });
    expect(await states(preview)).toEqual(allOf("done"));
    await rails({ maxDays: 7 });
    const created = await runPreview(services, person("support"), preview);
    await services.jobs.runAll();
    expect(created.ok && (await states(created.job))).toEqual(allOf("skipped"));
    const passing = await run(person("admin"), grant, { reason: "Agreed", isPreview: true });
    expect(await states(passing)).toEqual(allOf("done"));
    const { admins } = services.db.tables;
    await services.db.transaction([], async (tx) => void (await tx.update(admins).set({ role: "support" })));
    const demoted = await runPreview(services, person("admin"), passing);
    await services.jobs.runAll();
    expect(demoted.ok && (await states(demoted.job))).toEqual(allOf("skipped"));
    expect(await granted()).toBe(0);
  });

  test("what is closed to support is skipped for it alone, in bulk and one by one", async () => {
    await rails({ supportMayNot: ["grant", "end"] });
    expect(await messages(await run(person("support"), grant))).toEqual([
      "Support does not grant trials here. Your role is bound by this. Ask an admin.",
    ]);
    expect(await states(await run(person("admin"), grant))).toEqual(allOf("done"));
    const end = { act: "end_trial" as const, features: [] };
    expect((await messages(await run(person("support"), end)))[0]).toContain("Support does not end trials here.");
    expect(await states(await run(person("support"), extend))).toEqual(allOf("done"));
    expect(await states(await run(person("admin"), end))).toEqual(allOf("done"));
  });

  test("the command line is not bound", async () => {
    await rails({ maxDays: 1, supportMayNot: ["grant"] });
    expect(await states(await run(operator, grant))).toEqual(allOf("done"));
  });

  test("a bulk act beyond guard rails is undone as any other, and an undone extension counts as none", async () => {
    const made = await run(person("admin"), grant);
    await rails({ maxExtensions: 1, maxDays: 20 });
    const extended = await run(person("admin"), extend, { reason: "Migration is late" });
    expect(await states(extended)).toEqual(allOf("done"));
    const undo = async (action: string) => {
      const [row] = await auditOf(action);
      const found = await findAct(services, row?.seq ?? 0);
      return found?.ok ? undoAct(services, operator, found) : found;
    };
    expect(await undo("trial.extended")).toMatchObject({ ok: true, changed: 4, refused: 0 });
    const [undone] = await auditOf("trial.extended.undone");
    expect(undone?.after ?? {}).not.toHaveProperty("railsPassed");
    await rails({ maxExtensions: 1 });
    expect(await states(await run(person("admin"), extend))).toEqual(allOf("done"));
    expect((await jobNow(services, made)).state).toBe("done");
    expect((await services.facts.tenant("t00000")).facts?.grants).toMatchObject([{ endsAt: services.clock.now + 28 * day }]);
  });
});

describe("guard rails of a bulk act on pages", () => {
  let app: TestApp;
  let [admin, support]: Browser[] = [];
  beforeAll(async () => {
    app = await startTestApp();
    await seedBulkCatalogue(app.services);
    await seedTenants(app.services, tenantsNamed(3));
    [admin, support] = [await app.signIn("admin"), await app.signIn("support")];
    await saveRails(app.services, operator, { ...noRails, maxDays: 7, supportMayNot: ["end"], why: "Sales agreed." });
  });
  afterAll(() => app.close());
  const idIn = (answer: Response) => answer.headers.get("location")?.split("/").at(-1) as string;
  const preview = async (by: Browser | undefined) => {
    const form = { act: "grant_trial", from: "keys", keys: "t00000\nt00001", features: "sso", days: "14" };
    const answer = await (by as Browser).post(paths.bulk(), form);
    await app.services.jobs.runAll();
    return idIn(answer);
  };

  test("a preview that limits skip asks an admin for one reason, and previews again with it", async () => {
    const id = await preview(admin);
    const page = await textOf(await (admin as Browser).get(paths.job(id)));
    expect(page).toContain("Tenants that only a guard rail skips are changed with it.");
    expect(page).toContain("To go on, write the reason as the note.");
    const again = idIn(await (admin as Browser).post(paths.job(id), { intent: "reason", reason: "Agreed with the CFO" }));
    await app.services.jobs.runAll();
    const next = await textOf(await (admin as Browser).get(paths.job(again)));
    expect(next).toContain("Change 2 tenants");
    expect(next).toContain("Beyond the guard rail “longest trial”.");
    expect(next).not.toContain("Preview with this reason");
    const empty = await (admin as Browser).post(paths.job(id), { intent: "reason", reason: " " });
    expect(empty.headers.get("location")).toBe(paths.job(id));
  });

  test("support sees why its rows are skipped, and is not asked for a reason", async () => {
    const page = await textOf(await (support as Browser).get(paths.job(await preview(support))));
    expect(page).toContain("Your role is bound by this. Ask an admin.");
    expect(page).not.toContain("Preview with this reason");
  });

  test("what is closed to support is said above the form and refused, and admins go on", async () => {
    const id = await trialAs(app, "t00002", "sso");
    const page = paths.grantEnd("t00002", id);
    const said = "Support does not end trials here. Sales agreed.";
    expect(await textOf(await (support as Browser).get(page))).toContain(`${said} Ask an admin.`);
    const refused = await (support as Browser).post(page, { note: "Please" });
    expect([refused.status, await textOf(refused)]).toEqual([422, expect.stringContaining(`${said} Your role is bound by this.`)]);
    expect(await textOf(await (admin as Browser).get(page))).not.toContain(said);
    expect(await endNow(app.services, operator, "t00002", { grant: id })).toMatchObject({ ok: true });
  });
});
