import { count } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { createCsvImport, runCsvPreview } from "~/server/tenant-csv/csv-import.server";
import { storeCsv } from "~/server/tenant-csv/csv-upload.server";
import { tenantCsvWork } from "~/server/tenant-csv/csv-work.server";
import { listAuditHeads } from "~db/store/audit.server";
import { itemsOf, jobNow, operator, seedBulkCatalogue, seedTenants } from "../support/bulk-world";
import { csvFile, csvResults, queueCsv, uploadCsv } from "../support/csv-world";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("tenants from CSV on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
  });
  afterEach(() => services.stop());

  const factsOf = async (key: string) => (await services.facts.tenant(key)).facts;
  const stored = async () => {
    const { csvRows, csvUploads } = services.db.tables;
    const [rows] = await services.db.read.select({ n: count() }).from(csvRows);
    const [uploads] = await services.db.read.select({ n: count() }).from(csvUploads);
    return [Number(uploads?.n), Number(rows?.n)];
  };
  const file = [
    "key,name,plan,status,add-ons,metadata.region,Notes",
    "acme,Acme,pro,,more,eu,ignored",
    'globex,"Globex, Inc",Free,suspended,,us,',
    "hooli,Hooli,gold,,,,",
    ",No key,free,,,,",
    "acme,Acme again,free,,,,",
    "old,,-,,-,-,",
    "same,Same,free,active,,,",
    "wrong,Wrong,free,sleeping,,,",
    "long,Long,free,,,,,",
  ].join("\r\n");
  const before = async () =>
    seedTenants(services, [
      ["old", { plan: "pro", addOns: ["more"], metadata: { region: "eu", size: 5 } }],
      ["same", { name: "Same", plan: "free" }],
    ]);
  const verdicts = [
    ["acme", "done", "New, on Pro with More calls."],
    ["globex", "done", "New, on Free, suspended."],
    ["hooli", "failed", "Line 4, column “plan”: There is no plan gold. Choose one that the catalogue has."],
    ["", "failed", "Line 5, column “key”: The key is empty."],
    ["acme", "failed", "Line 6, column “key”: Line 2 has this key already."],
    ["old", "done", "Plan: Pro → no plan. Removes More calls. Metadata: region."],
    ["same", "skipped", "Is already as the file says."],
    ["wrong", "failed", "Line 9, column “status”: A status is one of active, suspended, archived."],
    ["long", "failed", "Line 10: This row has 8 cells, but the first line has 7. Put quotes around text with the separator."],
  ];

  test("a preview changes nothing and says of each row, by line and column, what the job then does", async () => {
    await before();
    const preview = await queueCsv(services, file, { isPreview: true });
    await services.jobs.runAll();
    expect(await jobNow(services, preview)).toMatchObject({ state: "done", total: 9, done: 3, created: 2, skipped: 1, failed: 5 });
    expect(await csvResults(services, preview)).toEqual(verdicts);
    expect(await factsOf("acme")).toBeNull();
    const run = await runCsvPreview(services, operator, preview);
    if (!run.ok) throw new Error(run.message);
    await services.jobs.runAll();
    expect(await jobNow(services, run.job)).toMatchObject({ state: "done", total: 9, done: 3, created: 2, skipped: 1, failed: 5 });
    expect(await csvResults(services, run.job)).toEqual(verdicts);
    expect(await factsOf("acme")).toMatchObject({ name: "Acme", plan: "pro", addOns: [{ plan: "more" }], metadata: { region: "eu" } });
    expect(await factsOf("globex")).toMatchObject({ name: "Globex, Inc", plan: "free", status: "suspended" });
    expect(await factsOf("old")).toMatchObject({ plan: null, addOns: [], metadata: { size: 5 } });
    const audit = await listAuditHeads(services.db.read, services.db.tables, { action: "tenant.created" }, { size: 100 });
    expect(audit.filter(({ subject }) => subject === "acme" || subject === "globex")).toHaveLength(2);
  });

  test("the rows are kept for the job that does what a preview shows, deleted after it, and it is done once", async () => {
    const preview = await queueCsv(services, "key,plan\na,free\nb,pro\n", { isPreview: true });
    await services.jobs.runAll();
    expect(await stored()).toEqual([1, 2]);
    const first = await runCsvPreview(services, operator, preview);
    await services.jobs.runAll();
    expect(await stored()).toEqual([0, 0]);
    const second = await runCsvPreview(services, operator, preview);
    expect([first, second]).toMatchObject([{ ok: true }, { ok: true }]);
    expect(first.ok && second.ok && first.job.id === second.job.id).toBe(true);
    const other = { upload: (preview.params as { upload: string }).upload, note: null, isPreview: true };
    expect(
      await createCsvImport(services, operator, { ...other, mapping: { columns: ["key", "plan"], addOnSeparator: ";" } }),
    ).toMatchObject({
      ok: false,
      message: expect.stringContaining("Upload it again"),
    });
  });

  test("a file that is not imported is deleted after a day, but not while its job waits", async () => {
    await uploadCsv(services, "key\na\n");
    services.clock.now += day - 1;
    await services.cleaning.clean();
    expect(await stored()).toEqual([1, 1]);
    const job = await queueCsv(services, "key\nb\n");
    services.clock.now += day + 2;
    await services.cleaning.clean();
    expect(await stored()).toEqual([2, 2]);
    await cancelOneJob(services, operator, job.id);
    await services.cleaning.clean();
    expect(await stored()).toEqual([0, 0]);
  });

  test("a file that cannot be read leaves nothing, even after many rows", async () => {
    const bad = `key,name\n${"a,A\n".repeat(2_000)}"b,B\n`;
    const refused = await storeCsv(services, operator.id, "t.csv", csvFile(bad));
    expect(refused).toMatchObject({ ok: false, message: expect.stringContaining("a quote is opened and never closed") });
    expect(await storeCsv(services, operator.id, "t.csv", csvFile("key,name\n"))).toMatchObject({ ok: false });
    expect(await stored()).toEqual([0, 0]);
  });

  test("a person keeps five uploads; those of live jobs stay beside them", async () => {
    const job = await queueCsv(services, "key\na\n");
    for (let i = 0; i < 7; i++) {
      services.clock.now += 1;
      await uploadCsv(services, `key\nu${i}\n`);
    }
    expect(await stored()).toEqual([6, 6]);
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", created: 1 });
  });

  test("a job that is cancelled, or whose process loses it, has done each row once at most, and goes on after its last batch", async () => {
    const rows = Array.from({ length: 95 }, (_, i) => `t${i},free`).join("\n");
    const job = await queueCsv(services, `key,plan\n${rows}\n`);
    const { db, now, newId, elapsed, log } = services;
    let batches = 0;
    const stop = async () => {
      if (++batches === 4)
        await db.transaction(
          [],
          async (tx) => void (await tx.update(db.tables.jobs).set({ holder: "other", leaseUntil: new Date(now()) })),
        );
    };
    const kinds = {
      ...jobKindsOf(services),
      tenant_csv: (...args: Parameters<ReturnType<typeof tenantCsvWork>>) => {
        const work = tenantCsvWork(services)(...args);
        return {
          ...work,
          next: async (...place: Parameters<typeof work.next>) => {
            const batch = await work.next(...place);
            await stop();
            return batch;
          },
        };
      },
    };
    await createJobRunner({ db, kinds, newId, now, elapsed, log, batchSize: 10, minPauseMs: 0 }).runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 95, done: 95, created: 95 });
    expect(batches).toBe(11);
    expect(new Set((await itemsOf(services, job)).map(({ subject }) => subject)).size).toBe(95);
    const created = await listAuditHeads(db.read, db.tables, { action: "tenant.created" }, { size: 1000 });
    expect([created.length, new Set(created.map(({ subject }) => subject)).size]).toEqual([95, 95]);
  });

  test("a cell that an export kept from being a formula is read back as it was, and an unchanged file changes nothing", async () => {
    await seedTenants(services, [["f", { name: "=1+1", plan: "free", metadata: { size: 5, ok: true, note: "@x" } }]]);
    const job = await queueCsv(services, "key,name,plan,meta.size,meta.ok,meta.note\nf,'=1+1,free,5,true,'@x\n");
    await services.jobs.runAll();
    expect(await csvResults(services, job)).toEqual([["f", "skipped", "Is already as the file says."]]);
  });
});
