import { count, eq, gt } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CsvMapping } from "~/core/import/csv-columns";
import { day, hour } from "~/core/time";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import { jobKindsOf } from "~/server/process/job-kinds.server";
import { createCsvImport, runCsvPreview } from "~/server/tenant-csv/csv-import.server";
import { discardCsv, storeCsv } from "~/server/tenant-csv/csv-upload.server";
import { tenantCsvWork } from "~/server/tenant-csv/csv-work.server";
import { listAuditHeads } from "~db/store/audit.server";
import { closeCsvUpload } from "~db/store/csv-uploads.server";
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
    "noname,-,free,,,,",
    "-,No key,free,,,,",
  ].join("\r\n");
  const before = async () =>
    seedTenants(services, [
      ["old", { plan: "pro", addOns: ["more"], metadata: { region: "eu", size: 5 } }],
      ["same", { name: "Same", plan: "free" }],
    ]);
  const kept = "cannot be taken away. Leave the cell empty to keep it, or write '- for a hyphen.";
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
    ["noname", "failed", `Line 11, column “name”: The name ${kept}`],
    ["-", "failed", `Line 12, column “key”: The key ${kept}`],
  ];

  test("a preview changes nothing and says of each row, by line and column, what the job then does", async () => {
    await before();
    const preview = await queueCsv(services, file, { isPreview: true });
    await services.jobs.runAll();
    expect(await jobNow(services, preview)).toMatchObject({ state: "done", total: 11, done: 3, created: 2, skipped: 1, failed: 7 });
    expect(await csvResults(services, preview)).toEqual(verdicts);
    expect(await factsOf("acme")).toBeNull();
    const run = await runCsvPreview(services, operator, preview);
    if (!run.ok) throw new Error(run.message);
    await services.jobs.runAll();
    expect(await jobNow(services, run.job)).toMatchObject({ state: "done", total: 11, done: 3, created: 2, skipped: 1, failed: 7 });
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
    expect(await stored()).toEqual([1, 1]);
    await cancelOneJob(services, operator, job.id);
    await services.cleaning.clean();
    expect(await stored()).toEqual([0, 0]);
  });

  test("a file has one import at a time, and none begins beside a preview of it", async () => {
    const first = await queueCsv(services, "key,plan\na,free\nb,pro\n", { isPreview: true });
    const { upload } = first.params as { upload: string };
    const again = (columns: CsvMapping["columns"], isPreview: boolean) =>
      createCsvImport(services, operator, { upload, mapping: { columns, addOnSeparator: ";" }, note: null, isPreview });
    await services.jobs.runAll();
    const second = await again(["key", null], true);
    if (!second.ok) throw new Error(second.message);
    expect(await runCsvPreview(services, operator, first)).toMatchObject({ message: expect.stringContaining("A preview of this file") });
    await services.jobs.runAll();
    const run = await runCsvPreview(services, operator, first);
    expect(run).toMatchObject({ ok: true });
    const isImported = { ok: false, message: expect.stringContaining("This file is being imported") };
    expect(await runCsvPreview(services, operator, second.job)).toMatchObject(isImported);
    expect(await again(["key", null], true)).toMatchObject(isImported);
    expect(await runCsvPreview(services, operator, first)).toEqual(run);
    await services.jobs.runAll();
    if (run.ok) expect(await jobNow(services, run.job)).toMatchObject({ state: "done", total: 2, done: 2 });
  });

  test("rows that a job still needs are not deleted", async () => {
    const job = await queueCsv(services, "key\na\n");
    await discardCsv(services, (job.params as { upload: string }).upload);
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({ state: "done", total: 1, done: 1 });
  });

  test.each(["the whole file", "some of its rows", "its last rows"])("a job fails and is not done if %s was deleted", async (what) => {
    const job = await queueCsv(services, "key\na\nb\nc\nd\n");
    const { csvRows, csvUploads } = services.db.tables;
    await services.db.transaction([], async (tx) => {
      if (what === "the whole file") await tx.delete(csvUploads);
      else await tx.delete(csvRows).where(what === "its last rows" ? gt(csvRows.seq, 2) : eq(csvRows.seq, 2));
    });
    await services.jobs.runAll();
    expect(await jobNow(services, job)).toMatchObject({
      state: "failed",
      done: 0,
      problem: expect.stringContaining("Upload the file again"),
    });
  });

  test("a file that still arrives is not deleted for newer ones", async () => {
    let begin = () => {};
    let end = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const rest = new Promise<void>((resolve) => {
      end = resolve;
    });
    async function* slow() {
      yield* csvFile(`key,name\n${Array.from({ length: 1_000 }, (_, i) => `s${i},Slow\n`).join("")}`);
      begin();
      await rest;
      yield* csvFile("last,Last\n");
    }
    const arriving = storeCsv(services, operator.id, "slow.csv", slow());
    await begun;
    for (let i = 0; i < 7; i++) {
      services.clock.now += 1;
      await uploadCsv(services, `key\nu${i}\n`);
    }
    end();
    expect(await arriving).toMatchObject({ ok: true, upload: { rows: 1_001 } });
    expect(await stored()).toEqual([6, 1_006]);
  });

  test("an upload of over an hour is refused, and one that never completes is deleted after a day", async () => {
    async function* tooSlow() {
      yield* csvFile(`key\n${"a\n".repeat(500)}`);
      services.clock.now += hour;
      yield* csvFile("b\n".repeat(500));
    }
    expect(await storeCsv(services, operator.id, "t.csv", tooSlow())).toMatchObject({ message: expect.stringContaining("over an hour") });
    expect(await stored()).toEqual([0, 0]);
    const { id } = await uploadCsv(services, "key\na\n");
    await services.db.transaction([], (tx) => closeCsvUpload(tx, services.db.tables, id));
    const waiting = await queueCsv(services, "key\nb\n");
    services.clock.now += day + 1;
    await services.cleaning.clean();
    expect(await stored()).toEqual([1, 1]);
    await services.jobs.runAll();
    expect(await jobNow(services, waiting)).toMatchObject({ state: "done", done: 1 });
  });

  test("a file of over a day gets no job, because its rows may be being deleted", async () => {
    const { id: upload } = await uploadCsv(services, "key\na\n");
    services.clock.now += day;
    const mapping: CsvMapping = { columns: ["key"], addOnSeparator: ";" };
    const late = await createCsvImport(services, operator, { upload, mapping, note: null, isPreview: true });
    expect(late).toMatchObject({ ok: false, message: expect.stringContaining("Upload it again") });
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
