import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { endGrant } from "~/core/grants/grant-changes";
import { maxLiveJobsPerPerson } from "~/core/jobs/job";
import type { Actor, TenantFacts } from "~/core/model";
import { scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { bulkSelectionOf } from "~/forms/bulk/bulk-body";
import { createBulk } from "~/server/bulk/bulk.server";
import { bulkWork } from "~/server/bulk/bulk-work.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import type { JobWork } from "~/server/jobs/job-work";
import { cancelOneJob, createJob } from "~/server/jobs/jobs.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { insertAdmin } from "~db/store/admins.server";
import { listAuditHeads } from "~db/store/audit.server";
import { itemsOf, jobNow, operator, queueBulk, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("bulk jobs on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
  });
  afterEach(() => services.stop());

  const factsOf = async (key: string) => (await services.facts.tenant(key)).facts;
  const keysOf = (n: number) => ({ kind: "keys" as const, keys: tenantsNamed(n).map(([key]) => key) });

  test("a job changes every tenant once, with one result and one audit entry each", async () => {
    await seedTenants(services, tenantsNamed(120));
    const job = await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, keysOf(120));
    expect(await jobNow(services, job)).toMatchObject({ state: "queued", total: 120, done: 0 });
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 120, done: 120, skipped: 0, failed: 0 });
    const items = await itemsOf(services, job);
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(new Set(items.map(({ subject }) => subject)).size).toBe(120);
    for (const key of ["t00000", "t00060", "t00119"])
      expect((await factsOf(key))?.grants).toMatchObject([{ kind: "trial", feature: "sso", endsAt: services.clock.now + 14 * day }]);
    const audit = await listAuditHeads(services.db.read, services.db.tables, { action: "trial.granted" }, { size: 1000 });
    expect(new Set(audit.map(({ subject }) => subject)).size).toBe(120);
    expect(audit).toHaveLength(120);
  });

  test("a bundle for many is granted in small batches, once per tenant, and one undo takes back all of it", async () => {
    await seedTenants(services, [...tenantsNamed(25).filter(([key]) => key !== "t00003"), ["t00003", { plan: "pro" }]]);
    const act = { act: "grant_bundle", plan: "pro", days: 14 } as const;
    const job = await queueBulk(services, act, keysOf(25));
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 25, done: 24, skipped: 1, failed: 0 });
    const bundleOf = async (key: string) => (await factsOf(key))?.grants.map((grant) => (grant.kind === "trial" ? grant.bundle?.id : null));
    const [first, other] = [await bundleOf("t00000"), await bundleOf("t00024")];
    expect([first?.length, new Set([...(first ?? []), ...(other ?? [])]).size]).toEqual([2, 2]);
    const [{ seq } = { seq: 0 }] = await listAuditHeads(services.db.read, services.db.tables, { action: "trial.granted" }, { size: 1 });
    const found = await findAct(services, seq);
    if (!found?.ok) throw new Error(found?.message);
    expect(await undoAct(services, operator, found, { partial: false })).toMatchObject({ ok: true });
    for (const key of ["t00000", "t00024"]) expect((await factsOf(key))?.grants).toEqual([]);
  });

  test("all that match are changed although the change makes them match no longer", async () => {
    await seedTenants(services, [...tenantsNamed(130), ["other", { plan: "pro" }]]);
    const job = await queueBulk(services, { act: "change_plan", plan: "pro" }, { kind: "filter", filter: { plan: "free" } });
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 130, done: 130, skipped: 0 });
    expect((await factsOf("t00129"))?.plan).toBe("pro");
  });

  /** A runner of its own with small batches. `before` runs once the batch with this number, from 1, is chosen. */
  function runner(before: (batch: number, subjects: string[]) => Promise<void>, change: (work: JobWork) => Partial<JobWork> = () => ({})) {
    const { db, now, newId, elapsed, log } = services;
    let batches = 0;
    const kinds = {
      ...jobKindsOf(services),
      bulk: (...args: Parameters<ReturnType<typeof bulkWork>>): JobWork => {
        const work = bulkWork(services)(...args);
        const next: JobWork["next"] = async (...place) => {
          const batch = await work.next(...place);
          await before(++batches, batch.subjects);
          return batch;
        };
        return { ...work, ...change(work), next };
      },
    };
    return createJobRunner({ db, kinds, newId, now, elapsed, log, batchSize: 10, minPauseMs: 0 });
  }
  const nothing = async () => {};
  const suspend = { act: "suspend" } as const;
  const suspended = async () => {
    const { tenants } = services.db.tables;
    return (await services.db.read.select({ key: tenants.key }).from(tenants).where(eq(tenants.status, "suspended"))).length;
  };

  test("a cancelled job ends after the batch that is being written, and says how far it came", async () => {
    await seedTenants(services, tenantsNamed(50));
    const job = await queueBulk(services, suspend, keysOf(50));
    await runner(async (batch) => void (batch === 3 && (await cancelOneJob(services, operator, job.id)))).runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "cancelled", done: 20, total: 50 });
    expect([await suspended(), (await itemsOf(services, job)).length]).toEqual([20, 20]);
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: false, code: "job_over" });
  });

  test("a job that waits is cancelled at once and never begins", async () => {
    await seedTenants(services, tenantsNamed(5));
    const job = await queueBulk(services, suspend, keysOf(5));
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: true, job: { state: "cancelled" } });
    await services.jobs.runAll();
    expect(await suspended()).toBe(0);
  });

  const cancelsLogged = async () =>
    (await listAuditHeads(services.db.read, services.db.tables, { action: "job.cancelled" }, { size: 10 })).map(({ subject }) => subject);

  test("a cancel that is requested twice is logged once, and that of a preview, which has no other entries, never", async () => {
    await seedTenants(services, tenantsNamed(30));
    const job = await queueBulk(services, suspend, keysOf(30));
    const cancel = () => cancelOneJob(services, operator, job.id);
    const answers: unknown[] = [];
    await runner(async (batch) => void (batch === 2 && answers.push(await cancel(), await cancel()))).runAll();
    const requested = { ok: true, job: { state: "running", cancelRequested: true } };
    expect(answers).toMatchObject([requested, requested]);
    expect(await jobNow(services, job)).toMatchObject({ state: "cancelled", done: 10 });
    const preview = await queueBulk(services, suspend, keysOf(1), { isPreview: true });
    expect(await cancelOneJob(services, operator, preview.id)).toMatchObject({ ok: true, job: { state: "cancelled" } });
    expect(await cancelsLogged()).toEqual([job.id]);
  });

  test("a running job that no process can run is cancelled at once", async () => {
    const { jobs } = services.db.tables;
    const job = await queueBulk(services, suspend, keysOf(1));
    const ofNewerVersion = { kind: "newer" as "bulk", params: [], state: "running" as const, holder: "killed" };
    const leaseUntil = new Date(services.clock.now + 1);
    await services.db.transaction([], async (tx) => void (await tx.update(jobs).set({ ...ofNewerVersion, leaseUntil })));
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: true, job: { state: "running", cancelRequested: true } });
    services.clock.now += 1;
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: true, job: { state: "cancelled" } });
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: false, code: "job_over" });
    expect(await cancelsLogged()).toEqual([job.id]);
  });

  test("a process that lost its lease writes nothing, and the next one goes on where the last batch ended", async () => {
    await seedTenants(services, tenantsNamed(50));
    const { jobs } = services.db.tables;
    const job = await queueBulk(services, suspend, keysOf(50));
    const hold = (holder: string, until: number) =>
      services.db.transaction([], async (tx) => void (await tx.update(jobs).set({ holder, leaseUntil: new Date(until) })));
    await runner(async (batch) => void (batch === 3 && (await hold("another process", services.clock.now + day)))).runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "running", done: 20 });
    expect([await suspended(), (await itemsOf(services, job)).length]).toEqual([20, 20]);
    await services.jobs.runAll();
    expect(await suspended()).toBe(20);
    await hold("another process", services.clock.now);
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 50, skipped: 0 });
    expect((await itemsOf(services, job)).map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  test("an admin who is disabled while the job runs changes nothing more, and the job says why", async () => {
    await seedTenants(services, tenantsNamed(50));
    const { db } = services;
    const { admins } = db.tables;
    const ada: Actor = { kind: "admin", id: "adm_ada", name: "Ada" };
    const row = { id: ada.id, email: "ada@example.com", name: "Ada", role: "admin" as const, createdBy: "test", passwordHash: "none" };
    await db.transaction([], (tx) => insertAdmin(tx, db.tables, { ...row, createdAt: new Date(services.now()) }));
    const job = await queueBulk(services, suspend, keysOf(50), { by: ada });
    const set = (columns: Partial<typeof admins.$inferInsert>) =>
      db.transaction([], async (tx) => void (await tx.update(admins).set(columns)));
    await runner(async (batch) => void (batch === 3 && (await set({ disabledAt: new Date(services.now()) })))).runAll();
    expect(await jobNow(services, job)).toMatchObject({
      state: "failed",
      done: 20,
      problem: "The account of Ada is disabled, so the job stopped.",
    });
    const text = "A job of Ada failed. The account of Ada is disabled, so the job stopped.";
    expect(await db.read.select().from(db.tables.notices)).toMatchObject([{ kind: "job_failed", about: job.id, text }]);
    expect(await suspended()).toBe(20);
    await set({ disabledAt: null, role: "support" });
    const next = await queueBulk(services, { act: "reinstate" }, keysOf(50), { by: ada });
    await runner(nothing).runAll();
    expect((await jobNow(services, next)).problem).toBe("Ada may no longer create and change tenants, so the job stopped.");
    expect(await suspended()).toBe(20);
  });

  test("a scheduled change that is due counts before a bulk act, and stays beneath it", async () => {
    await seedTenants(services, tenantsNamed(2));
    for (const key of ["t00000", "t00001"])
      await changeTenant(services, key, operator, (facts, catalogue, stamp) =>
        scheduleChange(facts as TenantFacts, { at: stamp.now + day, plan: "pro" }, catalogue, stamp),
      );
    services.clock.now += 2 * day;
    const preview = await queueBulk(services, { act: "change_plan", plan: "pro" }, keysOf(2), { isPreview: true });
    const job = await queueBulk(services, { act: "change_plan", plan: "free" }, { kind: "keys", keys: ["t00000"] });
    await services.jobs.runAll();
    expect((await itemsOf(services, preview)).map(({ subject, state }) => [subject, state])).toContainEqual(["t00001", "skipped"]);
    expect(await itemsOf(services, job)).toMatchObject([{ state: "done" }]);
    expect(await factsOf("t00000")).toMatchObject({ plan: "free" });
    expect((await factsOf("t00000"))?.scheduled ?? []).toEqual([]);
  });

  test("what a job changed is undone only once it is over", async () => {
    await seedTenants(services, tenantsNamed(30));
    const job = await queueBulk(services, suspend, keysOf(30));
    const { db } = services;
    const newest = async () => (await listAuditHeads(db.read, db.tables, { action: "tenant.suspended" }, { size: 1 }))[0]?.seq ?? 0;
    let whileRunning: unknown;
    await runner(async (batch) => {
      if (batch === 2) whileRunning = await findAct(services, await newest());
    }).runAll();
    expect(whileRunning).toMatchObject({ ok: false, code: "not_undoable", message: expect.stringContaining("still runs") });
    const found = await findAct(services, await newest());
    if (!found?.ok) throw new Error("The act was not found.");
    expect(found.rows).toHaveLength(30);
    expect(await undoAct(services, operator, found)).toMatchObject({ ok: true, changed: 30 });
    expect([await suspended(), await jobNow(services, job)]).toMatchObject([0, { state: "done" }]);
  });

  test("a tenant that changed after it was chosen is skipped with the reason", async () => {
    await seedTenants(services, tenantsNamed(20));
    const change = (key: string, form: Parameters<typeof putTenant>[2]) =>
      changeTenant(services, key, operator, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));
    const filter = { kind: "filter", filter: { plan: "free" } } as const;
    const job = await queueBulk(services, { act: "add_add_on", addOn: "more" }, filter);
    await runner(async (batch) => {
      if (batch !== 2) return;
      await change("t00012", { plan: "pro" });
      await change("t00015", { addOns: ["more"] });
    }).runAll();
    const skipped = (await itemsOf(services, job)).filter(({ state }) => state === "skipped");
    expect(skipped.map(({ subject, message }) => [subject, message])).toEqual([
      ["t00012", "No longer matches the filter."],
      ["t00015", "Has More calls already."],
    ]);
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 18, skipped: 2, total: 20 });
  });

  const onTrial = { kind: "filter", filter: { feature: { key: "sso", through: "trial" } } } as const;

  async function grantTrials(n: number) {
    await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, keysOf(n));
    const { db, now, newId, elapsed, log } = services;
    const kinds = jobKindsOf(services);
    await createJobRunner({ db, kinds, newId, now, elapsed, log, batchSize: 500, minPauseMs: 0 }).runAll();
  }

  test("a filter by feature is decided again for each batch", async () => {
    await seedTenants(services, tenantsNamed(30));
    await grantTrials(30);
    const job = await queueBulk(services, suspend, onTrial);
    await runner(async (batch) => {
      if (batch === 1)
        await changeTenant(services, "t00025", operator, (facts, catalogue, stamp) =>
          putTenant(facts, "t00025", { plan: "pro" }, catalogue, stamp),
        );
    }).runAll();
    const items = await itemsOf(services, job);
    expect([items.length, items.some(({ subject }) => subject === "t00025")]).toEqual([29, false]);
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 29, total: 29 });
  });

  test("a filter that few tenants match is read in bounded batches, and still meets each tenant once", async () => {
    const [rare, last] = [tenantsNamed(620).slice(0, 510), tenantsNamed(620).slice(510)];
    await seedTenants(services, [...rare.map(([key]): [string, TenantForm] => [key, { plan: "pro" }]), ...last]);
    await grantTrials(620);
    const job = await queueBulk(services, suspend, onTrial);
    const batches: number[] = [];
    await runner(async (_, subjects) => void batches.push(subjects.length)).runAll();
    expect(batches).toEqual([0, ...Array.from({ length: 11 }, () => 10)]);
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 110, skipped: 0, total: 110 });
    expect((await itemsOf(services, job)).map(({ subject }) => subject)).toEqual(last.map(([key]) => key));
    const never = await queueBulk(services, { act: "reinstate" }, onTrial);
    await runner(async (batch) => void (batch === 1 && (await cancelOneJob(services, operator, never.id)))).runAll();
    expect(await jobNow(services, never)).toMatchObject({ state: "cancelled", done: 0 });
  });

  test("a tenant whose trial no longer matches when its batch is written is left out", async () => {
    await seedTenants(services, tenantsNamed(25));
    await grantTrials(25);
    const end = (key: string) =>
      changeTenant(services, key, operator, (facts, _c, stamp) =>
        endGrant(facts as TenantFacts, { grant: facts?.grants[0]?.id ?? "" }, stamp),
      );
    const selection = bulkSelectionOf({ act: "suspend", tenants: { trials: { state: "live", feature: "sso" } }, dryRun: false });
    expect(selection).toEqual({ kind: "trials", query: "tab=running&feature=sso" });
    const job = await queueBulk(services, suspend, selection);
    await runner(async (batch) => void (batch === 2 && (await end("t00015")))).runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 24, skipped: 1, total: 25 });
    expect((await itemsOf(services, job)).find(({ state }) => state === "skipped")).toMatchObject({
      subject: "t00015",
      message: "No longer matches the filter.",
    });
    const extended = await queueBulk(services, { act: "extend_trial", features: ["sso"], days: 3 }, selection);
    await services.jobs.runAll();
    expect(await jobNow(services, extended)).toMatchObject({ state: "done", done: 24, skipped: 0, total: 24 });
  });

  test("one tenant that cannot be written fails alone, and can be tried again", async () => {
    await seedTenants(services, tenantsNamed(30));
    const job = await queueBulk(services, suspend, keysOf(30));
    await runner(nothing, (work) => ({
      write: async (tx, batch) => {
        if (batch.subjects.includes("t00013")) throw new Error("broken");
        return work.write(tx, batch);
      },
    })).runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 29, failed: 1 });
    const items = await itemsOf(services, job);
    expect(items.filter(({ state }) => state === "failed")).toMatchObject([{ subject: "t00013", seq: 14 }]);
    expect(new Set(items.map(({ subject }) => subject)).size).toBe(30);
    const again = await queueBulk(services, suspend, { kind: "job", job: job.id, state: "failed" });
    await services.jobs.runAll();
    expect(await jobNow(services, again)).toMatchObject({ state: "done", total: 1, done: 1 });
    expect(await suspended()).toBe(30);
  });

  test("a preview changes nothing and says of each tenant what the job then does", async () => {
    await seedTenants(services, [...tenantsNamed(12), ["paying", { plan: "pro" }], ["gone", { plan: "free", status: "archived" }]]);
    const act = { act: "grant_trial", features: [{ feature: "sso" }], days: 7 } as const;
    const selection = { kind: "keys", keys: ["nobody", "gone", "paying", ...tenantsNamed(12).map(([key]) => key)] } as const;
    const preview = await queueBulk(
      services,
      { ...act, features: [...act.features] },
      { ...selection, keys: [...selection.keys] },
      { isPreview: true },
    );
    await services.jobs.runAll();
    expect(await listAuditHeads(services.db.read, services.db.tables, { action: "trial.granted" }, { size: 10 })).toEqual([]);
    expect(await jobNow(services, preview)).toMatchObject({ state: "done", done: 13, skipped: 2 });
    const job = await queueBulk(services, { ...act, features: [...act.features] }, { ...selection, keys: [...selection.keys] });
    await services.jobs.runAll();
    const words = async (id: string) => (await itemsOf(services, { id })).map(({ subject, state, message }) => [subject, state, message]);
    expect(await words(job.id)).toEqual(await words(preview.id));
    expect((await words(job.id)).slice(0, 4)).toEqual([
      ["nobody", "skipped", "There is no tenant with this key."],
      ["gone", "skipped", "gone is archived. Reinstate it before you grant it anything or extend what it has."],
      ["paying", "done", "Trial of SSO until 27 November 2026. Its plan or an add-on has SSO already."],
      ["t00000", "done", "Trial of SSO until 27 November 2026."],
    ]);
  });

  test("an act that no tenant could have is refused before anything is queued", async () => {
    const refused = async (act: Parameters<typeof queueBulk>[1], selection: Parameters<typeof queueBulk>[2]) =>
      createBulk(services, operator, { act, selection, note: null, isPreview: false });
    expect(await refused({ act: "change_plan", plan: "more" }, keysOf(1))).toMatchObject({ code: "plan_kind", field: "plan" });
    expect(await refused({ act: "add_add_on", addOn: "none" }, keysOf(1))).toMatchObject({ code: "plan_not_found", field: "addOn" });
    expect(await refused({ act: "end_trial", features: ["none"] }, keysOf(1))).toMatchObject({ code: "feature_not_found" });
    expect(await refused({ act: "resync" }, keysOf(1))).toMatchObject({ code: "value_invalid", field: "act" });
    expect(await refused(suspend, { kind: "keys", keys: [] })).toMatchObject({ code: "value_invalid" });
    expect(await refused(suspend, keysOf(5_001))).toMatchObject({ message: "Name up to 5,000 tenants." });
    expect(await refused(suspend, { kind: "filter", filter: { plan: "none" } })).toMatchObject({ field: "tenants" });
    expect(await refused(suspend, { kind: "job", job: "job_none", state: "failed" })).toMatchObject({
      message: "There is no job job_none.",
    });
  });

  test("one person has a few jobs at a time, also if they are created together", async () => {
    const jobs = Array.from({ length: maxLiveJobsPerPerson + 3 }, () =>
      createJob(services, operator, {
        kind: "bulk",
        params: { act: suspend, from: { kind: "keys" } },
        keys: ["a"],
        isPreview: false,
        note: null,
      }),
    );
    const created = await Promise.all(jobs);
    expect(created.filter(({ ok }) => ok)).toHaveLength(maxLiveJobsPerPerson);
    expect(created.find(({ ok }) => !ok)).toMatchObject({ code: "too_many_jobs" });
  });
});
