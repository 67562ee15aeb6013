import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "~/core/model";
import { startImport } from "~/server/catalogue/import-job.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import type { JobWork } from "~/server/jobs/job-work";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { listAuditHeads } from "~db/store/audit.server";
import { countTenants } from "~db/store/group-syncs.server";
import { itemsOf, jobNow, operator } from "../support/bulk-world";
import { engines, startServices, type TestServices } from "../support/services";

const tenants = 120;
const file = (more: object = {}) => ({
  name: "all.json",
  text: JSON.stringify({
    latchkey: 1,
    features: { sso: { name: "SSO" } },
    plans: { free: { name: "Free" } },
    tenants: Object.fromEntries(Array.from({ length: tenants }, (_, i) => [`t${i}`, { plan: "free" }])),
    ...more,
  }),
});

describe.each(engines)("an import of a catalogue by a job on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
  });
  afterEach(() => services.stop());

  const start = async (sent = file(), { by = operator as Actor, revision = undefined as number | undefined } = {}) => {
    const started = await startImport(services, sent, by, revision);
    if (!started.ok) throw new Error(started.message);
    return started.job;
  };
  const stored = () => countTenants(services.db.read, services.db.tables);
  const importEntries = () => listAuditHeads(services.db.read, services.db.tables, { action: "catalogue.imported" }, { size: 10 });

  test("is one act, whose results name what changed, and which is undone as one", async () => {
    const job = await start();
    expect(await jobNow(services, job)).toMatchObject({ kind: "catalogue_import", state: "queued", total: null });
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 122, done: 122, created: tenants, failed: 0 });
    expect((await services.facts.tenant("t7")).facts).toMatchObject({ plan: "free" });
    const items = await itemsOf(services, job);
    expect(items.slice(0, 2).map(({ subject, message }) => [subject, message])).toEqual([
      ["", "Feature SSO is new."],
      ["", "Plan or add-on Free is new: plan with 0 features of its own."],
    ]);
    const [entry] = await importEntries();
    expect(entry?.changeSet).toBe(job.id);
    const found = await findAct(services, entry?.seq ?? 0);
    if (!found?.ok) throw new Error(found?.message);
    expect(await undoAct(services, operator, found, { partial: false })).toMatchObject({ ok: true });
    expect((await services.facts.tenant("t7")).facts?.status).not.toBe("active");
  });

  test("that is refused writes nothing, and its results are the sentences of the refusal", async () => {
    const wrong = await start(file({ plans: { free: { features: ["nothing"] } } }));
    const unread = await start({ name: "all.yaml", text: "latchkey: 1\nfeatures: 5\n" });
    const stale = await start(file(), { revision: 7 });
    const gone = await start();
    const { db } = services;
    await db.transaction([], async (tx) => {
      const { impacts } = db.tables;
      await tx.delete(impacts).where(eq(impacts.job, gone.id));
    });
    await services.jobs.runAll();
    const said = await Promise.all([wrong, unread, stale, gone].map((job) => jobNow(services, job)));
    expect(said.map(({ state, problem }) => [state, problem])).toEqual([
      ["failed", expect.stringMatching(/^Nothing was imported\. all\.json:1: plans\.free\.features\.nothing: there is no feature nothing/)],
      ["failed", expect.stringMatching(/^Nothing was imported\. all\.yaml:1: plans: is missing/)],
      ["failed", expect.stringMatching(/^Nothing was imported\. all\.json: the catalogue was changed since this was shown\./)],
      ["failed", "The file was deleted before it was imported, so nothing was. Upload it again."],
    ]);
    expect((await itemsOf(services, unread)).map(({ state, message }) => [state, message.slice(0, 11)])).toEqual(
      expect.arrayContaining([["failed", "all.yaml:2:"]]),
    );
    expect([await stored(), (await importEntries()).length]).toEqual([0, 0]);
  });

  test("whose process is killed before the commit is done once by the next one", async () => {
    const job = await start();
    const { db, now, newId, elapsed, log, clock } = services;
    const kinds = jobKindsOf(services);
    const killed = (...args: Parameters<typeof kinds.catalogue_import>): JobWork => {
      const work = kinds.catalogue_import(...args);
      const next: JobWork["next"] = async (...place) => {
        const batch = await work.next(...place);
        const set = { holder: "other", leaseUntil: new Date(clock.now + 1) };
        await db.transaction([], async (tx) => void (await tx.update(db.tables.jobs).set(set)));
        return batch;
      };
      return { ...work, next };
    };
    const first = createJobRunner({ db, kinds: { ...kinds, catalogue_import: killed }, newId, now, elapsed, log, minPauseMs: 0 });
    await first.runAll();
    expect([(await jobNow(services, job)).state, await stored()]).toEqual(["running", 0]);
    clock.now += 2;
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", done: 122 });
    expect([await stored(), (await importEntries()).length]).toEqual([tenants, 1]);
  });

  test("by someone who may not import any more changes nothing", async () => {
    const job = await start(file(), { by: { kind: "admin", id: "adm_gone", name: "Ada" } });
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "failed", problem: "The account of Ada is disabled, so the job stopped." });
    expect(await stored()).toBe(0);
  });
});
