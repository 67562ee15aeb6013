import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runAgain } from "~/server/bulk/bulk.server";
import { jobLeaseMs } from "~/server/jobs/job-run.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import type { JobWork } from "~/server/jobs/job-work";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { driftStatus, startDrift } from "~/server/posthog/jobs/drift.server";
import { driftWork } from "~/server/posthog/jobs/drift-work.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { itemsOf, jobNow, operator, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { settingsFor } from "../support/group-sync";
import { until } from "../support/poll";
import { engines, startServices, type TestServices } from "../support/services";

const tenants = 250;

describe.each(engines)("a comparison with PostHog on %s", (engine) => {
  let fake: FakePosthog;
  let services: TestServices;
  let settings: PosthogSettings;
  beforeEach(async () => {
    fake = await startFakePosthog();
    const { projectKey, secretKey } = fake.state;
    const variables = { POSTHOG_PROJECT_API_KEY: projectKey, POSTHOG_SECRET_KEY: secretKey, POSTHOG_PROJECT_ID: "1" };
    settings = settingsFor(fake, variables);
    services = await startServices(engine, { variables: { ...variables, POSTHOG_HOST: fake.origin } });
    await seedBulkCatalogue(services);
    await seedTenants(services, tenantsNamed(tenants));
    await services.posthog?.groupSync.prepare();
    await settle();
  });
  afterEach(async () => {
    await services.stop();
    await fake.close();
  });

  const settle = async () => {
    while (await services.posthog?.groupSync.step());
  };
  const pages = () => fake.state.requests["/api/projects/1/groups/"] ?? 0;
  const start = async () => {
    const started = await startDrift(services, operator);
    if (!started.ok) throw new Error(started.message);
    return started.job;
  };
  const result = async () => (await driftStatus(settings, services.db)).result;

  /** As in another process. `before` runs once the batch with this number, from 1, is read. */
  function runner(before: (batch: number) => Promise<unknown> = async () => {}) {
    const { db, now, newId, elapsed, log } = services;
    let batches = 0;
    const drift: ReturnType<typeof driftWork> = (job) => {
      const work = driftWork({ ...services, settings })(job);
      const next: JobWork["next"] = async (...place) => {
        const batch = await work.next(...place);
        await before(++batches);
        return batch;
      };
      return { ...work, next };
    };
    return createJobRunner({ db, kinds: { ...jobKindsOf(services), drift }, newId, now, elapsed, log, minPauseMs: 0, renewMs: 50 });
  }

  test("that is killed is resumed at its page, and compares and lists each tenant once", async () => {
    const groups = fake.state.groups.get("organization");
    for (const key of ["t00007", "t00180"]) Object.assign(groups?.get(key)?.properties ?? {}, { name: "Changed by hand" });
    for (const key of ["t00020", "t00240"]) groups?.delete(key);
    groups?.set("stranger\0", { properties: {}, updatedAt: 0 });
    const job = await start();
    const { db, clock } = services;
    // The process that reads the second page is gone before it writes it.
    await runner(async (batch) => {
      if (batch !== 2) return;
      const set = { holder: "other", leaseUntil: new Date(clock.now + 1) };
      await db.transaction([], async (tx) => void (await tx.update(db.tables.jobs).set(set)));
    }).runAll();
    const { state, done, failed } = await jobNow(services, job);
    expect([state, done + failed]).toEqual(["running", 100]);
    expect(await result()).toMatchObject({ read: 100, finishedAt: null });
    clock.now += 2;
    await runner().runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 251, done: 246, skipped: 0, failed: 5 });
    expect(pages()).toBe(1 + 1 + 2);
    const items = await itemsOf(services, job);
    expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: 251 }, (_, i) => i + 1));
    expect(new Set(items.map(({ subject }) => subject)).size).toBe(251);
    const { rows, ...counts } = (await result()) ?? { rows: [] };
    expect(counts).toMatchObject({ read: 249, same: 246, different: 2, missing: 2, unknown: 1, waiting: 0, isCut: false, error: null });
    expect(rows.map(({ key, kind }) => `${key} ${kind}`).sort()).toEqual([
      "stranger\ufffd unknown",
      "t00007 different",
      "t00020 missing",
      "t00180 different",
      "t00240 missing",
    ]);
  });

  test("is tried again for what differs: those that exist are sent again, and the next one finds no difference", async () => {
    Object.assign(fake.state.groups.get("organization")?.get("t00007")?.properties ?? {}, {
      name: "Changed by hand",
      plan_rank: "x".repeat(5_000),
    });
    fake.state.groups.get("organization")?.delete("t00020");
    const job = await start();
    await services.jobs.runAll();
    const [row] = (await result())?.rows ?? [];
    expect(JSON.stringify(row).length).toBeLessThan(2_000);
    const again = await runAgain(services, operator, await jobNow(services, job), "failed");
    if (!again.ok) throw new Error(again.message);
    await services.jobs.runAll();
    expect(await jobNow(services, again.job)).toMatchObject({ kind: "bulk", state: "done", done: 2 });
    await settle();
    await start();
    await services.jobs.runAll();
    expect(await result()).toMatchObject({ same: tenants, different: 0, missing: 0 });
  });

  test("is cancelled while PostHog does not answer, and keeps its lease until then", async () => {
    fake.state.mode["/api/"] = "silent";
    const job = await start();
    const run = runner().runAll();
    const asked = async () => fake.state.requests["/api/projects/1/groups_types/"] || undefined;
    await until(asked, 10_000, () => "PostHog was not asked");
    const { read, tables } = services.db;
    const isExtended = async () => {
      const [row] = await read.select({ until: tables.jobs.leaseUntil }).from(tables.jobs).where(eq(tables.jobs.id, job.id));
      return row?.until?.getTime() === services.clock.now + jobLeaseMs || undefined;
    };
    // Longer than the lease lasts.
    for (let i = 0; i < 4; i++) {
      services.clock.now += 10_000;
      await until(isExtended, 10_000, () => "the lease was not extended");
    }
    expect(await cancelOneJob(services, operator, job.id)).toMatchObject({ ok: true, job: { state: "running", cancelRequested: true } });
    await run;
    expect(await jobNow(services, job)).toMatchObject({ state: "cancelled", done: 0 });
    expect(await result()).toMatchObject({ error: "The comparison was cancelled before its end.", rows: [] });
  });

  test("is left at once by a process that stops, to the next one", async () => {
    fake.state.mode["/api/"] = "silent";
    const job = await start();
    const stopping = runner();
    stopping.start();
    const asked = async () => fake.state.requests["/api/projects/1/groups_types/"] || undefined;
    await until(asked, 10_000, () => "PostHog was not asked");
    await stopping.stop();
    expect(await jobNow(services, job)).toMatchObject({ state: "running", done: 0 });
    fake.state.mode["/api/"] = "ok";
    await runner().runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: tenants });
  });

  test("without PostHog says why it failed", async () => {
    const job = await start();
    const { db, now, newId, elapsed, log } = services;
    await createJobRunner({ db, kinds: jobKindsOf(services, { settings: null }), newId, now, elapsed, log, minPauseMs: 0 }).runAll();
    const problem = "PostHog is not configured, so nothing can be compared with it.";
    expect(await jobNow(services, job)).toMatchObject({ state: "failed", problem });
    expect(await result()).toMatchObject({ error: problem });
  });
});
