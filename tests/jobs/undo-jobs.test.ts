import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { extendGrant } from "~/core/grants/grant-changes";
import type { Job } from "~/core/jobs/job";
import type { Actor, TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { runPreview } from "~/server/bulk/bulk.server";
import { applyImport } from "~/server/catalogue/import.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import type { JobWork } from "~/server/jobs/job-work";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { createUndoJob, undoAgain } from "~/server/undo/undo-job.server";
import { undoWork } from "~/server/undo/undo-work.server";
import { insertAdmin } from "~db/store/admins.server";
import { rowsOfChangeSet } from "~db/store/change-sets.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { itemsOf, jobNow, operator, queueBulk, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { engines, startServices, type TestServices } from "../support/services";

/** More entries than one transaction undoes. */
const size = 510;
const patient = { timeout: 120_000 };
const bea: Actor = { kind: "cli", id: "bea", name: "Bea" };

describe.each(engines)("the undo of a large act on %s", patient, (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
    await seedTenants(services, tenantsNamed(size));
  });
  afterEach(() => services.stop());

  const free = { kind: "filter", filter: { plan: "free" } } as const;
  const factsOf = async (key: string) => (await services.facts.tenant(key)).facts as TenantFacts;
  const rowsOf = (job: Pick<Job, "id">) => rowsOfChangeSet(services.db.read, services.db.tables, job.id, 10_000);
  const put = (key: string, form: TenantForm, by = bea) =>
    changeTenant(services, key, by, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));
  const on = async (plan: string) => {
    const { tenants } = services.db.tables;
    return (await services.db.read.select({ key: tenants.key }).from(tenants).where(eq(tenants.plan, plan))).length;
  };

  /** Runs what waits in batches of 100. `before` runs once the undo's batch with this number, from 1, is chosen. */
  async function run(before: (batch: number) => Promise<unknown> = async () => {}) {
    const { db, now, newId, elapsed, log } = services;
    let batches = 0;
    const undo = (job: Job): JobWork => {
      const work = undoWork(services)(job);
      const next: JobWork["next"] = async (...place) => {
        const batch = await work.next(...place);
        await before(++batches);
        return batch;
      };
      return { ...work, next };
    };
    const kinds = { ...jobKindsOf(services), undo };
    await createJobRunner({ db, kinds, newId, now, elapsed, log, batchSize: 100, minPauseMs: 0 }).runAll();
  }

  async function toPro(): Promise<Job> {
    const job = await queueBulk(services, { act: "change_plan", plan: "pro" }, free);
    await run();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: size });
    services.clock.now += day;
    return job;
  }

  async function queueUndo(act: Pick<Job, "id">, { isPreview = false, partial = false, by = operator as Actor } = {}): Promise<Job> {
    const [first] = await rowsOf(act);
    const found = await findAct(services, first?.seq ?? 0);
    if (!found?.ok) throw new Error("The act cannot be undone.");
    expect([found.isLarge, found.entries]).toEqual([true, (await rowsOf(act)).length]);
    const created = await createUndoJob(services, by, found, { isPreview, partial, note: "Wrong list", zone: "UTC" });
    if (!created.ok) throw new Error(created.message);
    return created.job;
  }

  const once = async (job: Job, action: string) => {
    const rows = await rowsOf(job);
    expect([rows.length, new Set(rows.map(({ subject }) => subject)).size]).toEqual([size, size]);
    expect(new Set(rows.map((row) => row.action))).toEqual(new Set([action]));
    const items = await itemsOf(services, job);
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: size }, (_, i) => i + 1));
    expect(new Set(items.map(({ subject }) => subject)).size).toBe(size);
  };

  test("takes back each tenant once as one act, and the undo of the undo does the act again", async () => {
    const act = await toPro();
    const undo = await queueUndo(act);
    expect(undo).toMatchObject({ kind: "undo", total: null, note: "Wrong list" });
    await run();
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", total: size, done: size, skipped: 0, failed: 0 });
    await once(undo, "undo.tenant.plan_changed");
    expect([await on("free"), await on("pro")]).toEqual([size, 0]);
    expect((await itemsOf(services, undo))[0]).toMatchObject({ state: "done", message: "Plan: Pro → Free." });
    const redo = await queueUndo(undo);
    await run();
    await once(redo, "redo.tenant.plan_changed");
    expect([await on("free"), await on("pro")]).toEqual([0, size]);
  });

  test("is a job, because it does not fit in one transaction", async () => {
    const act = await toPro();
    const found = await findAct(services, (await rowsOf(act))[0]?.seq ?? 0);
    if (!found?.ok) throw new Error("The act cannot be undone.");
    expect(await undoAct(services, operator, found)).toMatchObject({ ok: false, code: "not_undoable" });
    expect(await on("pro")).toBe(size);
  });

  test("says first how many go back and how many do not, with by whom and when, and then does exactly that", async () => {
    const act = await toPro();
    await put("t00003", { plan: null });
    await put("t00500", { plan: null });
    await put("t00004", { name: "Renamed" });
    const preview = await queueUndo(act, { isPreview: true, partial: true });
    await run();
    expect([await jobNow(services, preview), await on("pro")]).toMatchObject([{ state: "done", done: size - 2, skipped: 2 }, size - 2]);
    const words = async (job: Pick<Job, "id">) =>
      (await itemsOf(services, job as Job)).map(({ subject, state, message }) => [subject, state, message]);
    const stays = (key: string) => [key, "skipped", `The plan of ${key} was changed since by Bea on 21 Nov, 10:00 UTC.`];
    const shown = await words(preview);
    expect(shown.filter(([, state]) => state === "skipped")).toEqual([stays("t00500"), stays("t00003")]);
    const done = await runPreview(services, operator, preview);
    if (!done.ok) throw new Error(done.message);
    await run();
    expect(await words(done.job)).toEqual(shown);
    expect([await on("free"), await on("pro"), (await rowsOf(done.job)).length]).toEqual([size - 2, 0, size - 2]);
    expect(await factsOf("t00004")).toMatchObject({ plan: "free", name: "Renamed" });
  });

  test("changes nothing if a part would stay and that was not asked for, and says how many and why", async () => {
    const act = await toPro();
    await put("t00003", { plan: null });
    const undo = await queueUndo(act);
    await run();
    expect(await jobNow(services, undo)).toMatchObject({
      state: "failed",
      done: 0,
      problem: "One part would stay as it is, so nothing was undone. The plan of t00003 was changed since by Bea on 21 Nov, 10:00 UTC.",
    });
    expect([await on("pro"), (await rowsOf(undo)).length, (await itemsOf(services, undo)).length]).toEqual([size - 1, 0, 0]);
  });

  test("undoes what stayed once nothing depends on it any more", async () => {
    const act = await toPro();
    await put("t00003", { plan: null });
    const undo = await queueUndo(act, { partial: true });
    await run();
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", done: size - 1, skipped: 1 });
    await put("t00003", { plan: "pro" });
    const running = { ...(await jobNow(services, undo)), state: "running" as const };
    expect(await undoAgain(services, operator, running, "skipped")).toMatchObject({ message: expect.stringContaining("still runs") });
    const again = await undoAgain(services, operator, await jobNow(services, undo), "skipped");
    if (!again.ok) throw new Error(again.message);
    await run();
    expect(await jobNow(services, again.job)).toMatchObject({ state: "done", total: 1, done: 1 });
    expect(await on("free")).toBe(size);
  });

  test("ends between two batches when it is cancelled, and undoing again takes back the rest", async () => {
    const act = await toPro();
    const undo = await queueUndo(act, { partial: true });
    await run(async (batch) => batch === 3 && (await cancelOneJob(services, operator, undo.id)));
    expect(await jobNow(services, undo)).toMatchObject({ state: "cancelled", done: 200, total: size });
    expect([await on("free"), (await rowsOf(undo)).length, (await itemsOf(services, undo)).length]).toEqual([200, 200, 200]);
    const rest = await queueUndo(act, { partial: true });
    await run();
    expect(await jobNow(services, rest)).toMatchObject({ state: "done", done: size - 200, skipped: 200 });
    expect(await on("free")).toBe(size);
  });

  test("stops when the right of who asked is withdrawn", async () => {
    const { db } = services;
    const { admins } = db.tables;
    const ada: Actor = { kind: "admin", id: "adm_ada", name: "Ada" };
    const row = { id: ada.id, email: "ada@example.com", name: "Ada", role: "admin" as const, createdBy: "test", passwordHash: "none" };
    await db.transaction([], (tx) => insertAdmin(tx, db.tables, { ...row, createdAt: new Date(services.now()) }));
    const act = await toPro();
    const undo = await queueUndo(act, { partial: true, by: ada });
    const demote = () => db.transaction([], async (tx) => void (await tx.update(admins).set({ role: "support" })));
    await run(async (batch) => batch === 3 && (await demote()));
    const problem = "Ada may no longer create and change tenants, so the job stopped.";
    expect(await jobNow(services, undo)).toMatchObject({ state: "failed", done: 200, problem });
    expect(await on("free")).toBe(200);
  });

  test("goes on where it stopped when another process takes it over", async () => {
    const { jobs } = services.db.tables;
    const act = await toPro();
    const undo = await queueUndo(act);
    const hold = (leaseUntil: number) =>
      services.db.transaction([], async (tx) => {
        await tx
          .update(jobs)
          .set({ holder: "another", leaseUntil: new Date(leaseUntil) })
          .where(eq(jobs.id, undo.id));
      });
    // Two batches look, three write, and the sixth loses the lease.
    await run(async (batch) => batch === 6 && (await hold(services.clock.now + day)));
    expect([await jobNow(services, undo), await on("free")]).toMatchObject([{ state: "running", done: 300 }, 300]);
    await hold(services.clock.now);
    await run();
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", done: size, skipped: 0, failed: 0 });
    await once(undo, "undo.tenant.plan_changed");
  });

  test("of trials ends each, and one that was extended since stays", async () => {
    const act = await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, free);
    await run();
    services.clock.now += day;
    const [trial] = (await factsOf("t00007")).grants;
    await changeTenant(services, "t00007", bea, (facts, _c, stamp) =>
      extendGrant(facts as TenantFacts, { grant: trial?.id ?? "", days: 5 }, stamp),
    );
    const undo = await queueUndo(act, { partial: true });
    await run();
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", done: size - 1, skipped: 1 });
    const items = await itemsOf(services, undo);
    expect(items.find(({ subject }) => subject === "t00006")?.message).toBe("Ends the trial of SSO, which ran until 4 December 2026.");
    expect(items.find(({ state }) => state === "skipped")).toMatchObject({
      subject: "t00007",
      message: "The trial of SSO was extended since by Bea on 21 Nov, 10:00 UTC.",
    });
    expect([(await factsOf("t00006")).grants, (await factsOf("t00007")).grants.length]).toEqual([[], 1]);
  });

  async function importGold(): Promise<Pick<Job, "id">> {
    const file = {
      latchkey: 1,
      features: { sso: { name: "Sign-on" } },
      plans: { gold: { name: "Gold", features: { sso: true } } },
      tenants: Object.fromEntries(tenantsNamed(size).map(([key]) => [key, { plan: "gold" }])),
    };
    const read = readCatalogueFile("file.json", JSON.stringify(file));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const act = { id: "cs_import" };
    expect(await applyImport(services, read, { ...operator, changeSet: act.id })).toMatchObject({ ok: true, changed: true });
    expect(await on("gold")).toBe(size);
    return act;
  }

  test("of an import gives the plan back before its tenants, and removes the new plan after them", async () => {
    const before = await readCatalogueFacts(services.db.read, services.db.tables);
    const act = await importGold();
    const preview = await queueUndo(act, { isPreview: true, partial: true });
    await run();
    expect(await jobNow(services, preview)).toMatchObject({ state: "done", done: size + 1, skipped: 0 });
    const undo = await queueUndo(act);
    await run();
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", total: size + 1, done: size + 1, skipped: 0, problem: null });
    expect((await itemsOf(services, undo)).at(-1)).toMatchObject({ subject: "", state: "done", message: "The catalogue goes back." });
    const bare = ({ features, plans }: typeof before) => [...features, ...plans].map((one) => ({ ...one, revision: 0 }));
    expect(bare(await readCatalogueFacts(services.db.read, services.db.tables))).toEqual(bare(before));
    expect([await on("free"), await on("gold")]).toEqual([size, 0]);
    const redo = await queueUndo(undo);
    await run();
    expect(await jobNow(services, redo)).toMatchObject({ state: "done", done: size + 1, skipped: 0 });
    expect(await on("gold")).toBe(size);
  });

  test("of an import keeps the new plan while another tenant has it, and says so", async () => {
    const act = await importGold();
    await put("late", { plan: "gold" });
    const preview = await queueUndo(act, { isPreview: true, partial: true });
    await run();
    const undo = await queueUndo(act, { partial: true });
    const whole = await queueUndo(act);
    await run();
    const why = "1 tenant has, or is scheduled to get, Gold, so it cannot be deleted.";
    const stays = { subject: "", state: "done", message: `The rest of the catalogue goes back. ${why}` };
    expect((await itemsOf(services, preview)).at(-1)).toMatchObject(stays);
    expect((await itemsOf(services, undo)).at(-1)).toMatchObject(stays);
    expect(await jobNow(services, undo)).toMatchObject({ state: "done", done: size + 1, skipped: 0 });
    expect(await jobNow(services, whole)).toMatchObject({
      state: "failed",
      done: 0,
      problem: `One part would stay as it is, so nothing was undone. ${why}`,
    });
    expect([await on("free"), await on("gold")]).toEqual([size, 1]);
  });
});
