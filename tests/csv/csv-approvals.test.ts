import { count, eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import { isCsvImportRequest, maxWaitingImports } from "~/core/import/csv-request";
import { requestLifeMs } from "~/core/requests/request";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { byRightOf } from "~/server/authority.server";
import { refuseRequest, withdrawRequest } from "~/server/requests/decide.server";
import { requestsAfter } from "~/server/requests/inbox.server";
import { createCsvImport, runCsvPreview } from "~/server/tenant-csv/csv-import.server";
import { grantImportRequest, grantPreviewedImport, previewImportRequest } from "~/server/tenant-csv/csv-request.server";
import { discardCsv } from "~/server/tenant-csv/csv-upload.server";
import { startTestApp } from "../support/app";
import { jobNow, seedBulkCatalogue } from "../support/bulk-world";
import { csvResults, queueCsv, uploadCsv } from "../support/csv-world";
import { textOf } from "../support/page-text";
import { engines, startServices, type TestServices } from "../support/services";

/** Without accounts, which jobs of admins need. */
const bea = { kind: "cli", id: "bea", name: "Bea" } as const;
const ada = { kind: "cli", id: "ada", name: "Ada" } as const;

const three = "key,plan\na,free\nb,pro\nc,free\n";

describe.each(engines)("imports from CSV that need a second person, on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
    await saveApprovals(services, ada, { ...noApprovals, bulkTenants: 2 });
  });
  afterEach(() => services.stop());

  const factsOf = async (key: string) => (await services.facts.tenant(key)).facts;
  const rowsStored = async (upload?: string) => {
    const { csvRows } = services.db.tables;
    const [rows] = await services.db.read
      .select({ n: count() })
      .from(csvRows)
      .where(upload === undefined ? undefined : eq(csvRows.upload, upload));
    return Number(rows?.n);
  };
  const waiting = async () => (await requestsAfter(services, { state: "waiting" }, 100)).requests.filter(isCsvImportRequest);
  /** Bea previews the file and runs the preview. */
  const ask = async (text = three) => {
    const preview = await queueCsv(services, text, { isPreview: true, by: bea });
    await services.jobs.runAll();
    return { preview, run: await runCsvPreview(services, bea, preview) };
  };
  const asked = async () => {
    const { run } = await ask();
    const request = (await waiting()).find(({ id }) => !run.ok && id === run.request?.id);
    if (!request) throw new Error("Nothing waits.");
    return request;
  };

  test("a file of up to so many rows is imported, and one row more waits and changes nothing", async () => {
    expect((await ask("key,plan\na,free\nb,pro\n")).run.ok).toBe(true);
    await services.jobs.runAll();
    expect(await factsOf("a")).toMatchObject({ plan: "free" });
    const { run, preview } = await ask("key,plan\nx,free\ny,pro\nz,free\n");
    const [request] = await waiting();
    expect(run).toMatchObject({
      code: "needs_approval",
      message: `A change of more than 2 tenants needs a second person. It waits as the request ${request?.id}.`,
    });
    expect(request).toMatchObject({ kind: "approval", tenant: "", act: { act: "import_tenants", name: "tenants.csv", rows: 3 } });
    expect(request?.act).not.toHaveProperty("heads");
    expect([await factsOf("x"), await rowsStored()]).toEqual([null, 3]);
    expect(await runCsvPreview(services, bea, preview)).toMatchObject({ code: "needs_approval", request: { id: request?.id } });
    expect((await waiting()).length).toBe(1);
  });

  test("without a preview it waits as well", async () => {
    const upload = await uploadCsv(services, three, bea);
    const mapping = { columns: ["key" as const, "plan" as const], addOnSeparator: ";" as const };
    const created = await createCsvImport(services, bea, { upload: upload.id, mapping, note: "Migration", isPreview: false });
    expect(created).toMatchObject({ code: "needs_approval", request: { note: "Migration" } });
    expect(await factsOf("a")).toBeNull();
  });

  test("the second person sees what it would do now, starts it once, and the rows go with the job", async () => {
    const request = await asked();
    await saveApprovals(services, ada, noApprovals);
    await queueCsv(services, "key,plan\na,free\n");
    await services.jobs.runAll();
    services.clock.now += 2 * day;
    await services.cleaning.clean();
    const shown = await previewImportRequest(services, ada, request);
    if (!shown.ok) throw new Error(shown.message);
    await services.jobs.runAll();
    expect((await csvResults(services, shown.job)).map(([key, state]) => [key, state])).toEqual([
      ["a", "skipped"],
      ["b", "done"],
      ["c", "done"],
    ]);
    expect(await factsOf("b")).toBeNull();
    expect(await grantPreviewedImport(services, bea, shown.job)).toMatchObject({ code: "request_decided" });
    const run = await grantPreviewedImport(services, ada, shown.job);
    if (!run.ok) throw new Error(run.message);
    expect(await grantPreviewedImport(services, ada, shown.job)).toEqual(run);
    await services.jobs.runAll();
    expect(await jobNow(services, run.job)).toMatchObject({ state: "done", done: 2, skipped: 1, failed: 0, actor: { id: ada.id } });
    expect(await factsOf("b")).toMatchObject({ plan: "pro" });
    expect([await waiting(), await rowsStored()]).toEqual([[], 0]);
  });

  test("rows are kept while the request waits, and deleted once it lapsed", async () => {
    const request = await asked();
    services.clock.now += requestLifeMs - 1;
    await services.cleaning.clean();
    for (let i = 0; i < 7; i++) await uploadCsv(services, "key\nz\n", bea);
    await discardCsv(services, request.act.upload);
    expect((await previewImportRequest(services, ada, request)).ok).toBe(true);
    await services.jobs.runAll();
    expect(await rowsStored(request.act.upload)).toBe(3);
    services.clock.now += 1;
    expect(await grantImportRequest(services, ada, request, null)).toMatchObject({ message: expect.stringContaining("has lapsed") });
    expect(await previewImportRequest(services, ada, request)).toMatchObject({ message: expect.stringContaining("no longer here") });
    await services.cleaning.clean();
    expect(await rowsStored(request.act.upload)).toBe(0);
    expect(await previewImportRequest(services, ada, request)).toMatchObject({ message: expect.stringContaining("no longer here") });
  });

  test("one that is refused or withdrawn keeps its rows no longer than other files", async () => {
    const [first, second] = [await asked(), await asked()];
    await refuseRequest(services, ada, first, "No");
    await withdrawRequest(services, bea, second.id);
    services.clock.now += day + 1;
    await services.cleaning.clean();
    expect(await rowsStored()).toBe(0);
  });

  test("an approver without the right, or who asked, starts nothing", async () => {
    const request = await asked();
    expect(await grantImportRequest(services, bea, request, null)).toMatchObject({ code: "request_decided" });
    const ended = byRightOf(services, { kind: "admin", id: ada.id, session: "none", act: "requests.approve" });
    await expect(grantImportRequest(ended, ada, request, null)).rejects.toMatchObject({ status: 401 });
    await services.jobs.runAll();
    expect([(await waiting()).length, await factsOf("a")]).toEqual([1, null]);
  });

  test("at most ten files wait, and one that waits already is named again", async () => {
    for (let i = 0; i < maxWaitingImports; i++) await ask(`key\n${i}a\n${i}b\n${i}c\n`);
    const [request] = await waiting();
    expect((await ask()).run).toMatchObject({ code: "requests_full", message: expect.stringContaining("10 imports wait") });
    const { upload, mapping } = request?.act ?? { upload: "", mapping: { columns: [], addOnSeparator: ";" as const } };
    expect(await createCsvImport(services, bea, { upload, mapping, note: null, isPreview: false })).toMatchObject({
      ...{ code: "needs_approval", request: { id: request?.id } },
    });
  });
});

test("on pages, an import waits and its second person starts it from the preview", async () => {
  const app = await startTestApp();
  try {
    const { services } = app;
    await seedBulkCatalogue(services);
    await saveApprovals(services, ada, { ...noApprovals, bulkTenants: 2 });
    const [owner, admin] = [await app.signIn("owner"), await app.signIn("admin")];
    const at = (answer: Response) => answer.headers.get("location") as string;
    const mapping = at(await admin.post(`${paths.importTenants()}?index`, { text: three }));
    const preview = at(await admin.post(mapping, { count: "2", c0: "key", c1: "plan", addOnSeparator: ";", note: "Migration" }));
    await services.jobs.runAll();
    expect(at(await admin.post(preview, { intent: "run" }))).toBe(paths.requests());
    const html = await (await owner.get(paths.requests())).text();
    expect(html).toMatch(/Import tenants from .*, 3 rows/);
    expect(html).toContain("Migration");
    const id = html.match(/name="id" value="(rq_[^"]+)"/)?.[1] ?? "";
    expect((await admin.post(paths.requests(), { id, intent: "preview" })).status).toBe(302);
    expect((await admin.post(paths.requests(), { id, intent: "grant" })).status).toBe(409);
    await services.jobs.runAll();
    const shown = at(await owner.post(paths.requests(), { id, intent: "preview" }));
    await services.jobs.runAll();
    expect(await textOf(await owner.get(shown))).toContain("Import 3 tenants");
    const run = at(await owner.post(shown, { intent: "run" }));
    await services.jobs.runAll();
    expect(await jobNow(services, { id: run.split("/").at(-1) as string })).toMatchObject({ state: "done", done: 3, note: "Migration" });
    expect(await textOf(await owner.get(paths.requests({ state: "granted" })))).toContain("3 rows");
  } finally {
    await app.close();
  }
});
