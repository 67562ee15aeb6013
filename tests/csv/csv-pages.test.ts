import { afterAll, beforeAll, expect, test } from "vitest";
import { paths } from "~/paths";
import { listAuditHeads } from "~db/store/audit.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { jobNow, seedBulkCatalogue, seedTenants } from "../support/bulk-world";
import { textOf } from "../support/page-text";

let app: TestApp;
let admin: Browser;
let viewer: Browser;
beforeAll(async () => {
  app = await startTestApp();
  await seedBulkCatalogue(app.services);
  await seedTenants(app.services, [
    ["acme", { name: "=Acme", plan: "pro" }],
    ["globex", { name: "Globex", plan: "free" }],
  ]);
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());

const lists = ["tenants", "trials", "plans", "features", "keys", "people"] as const;

test("whoever is signed in downloads lists, others do not, and each download is in Activity with its filters", async () => {
  const { db } = app.services;
  for (const list of lists) {
    const csv = await viewer.get(paths.listFile(list));
    expect([list, csv.status, csv.headers.get("content-type")]).toEqual([list, 200, "text/csv; charset=utf-8"]);
    expect(csv.headers.get("content-disposition")).toMatch(
      new RegExp(`^attachment; filename="latchkey-${list}-\\d{4}-\\d\\d-\\d\\d\\.csv"$`),
    );
    const json = await viewer.get(paths.listFile(list, { format: "json" }));
    expect([list, Array.isArray(await json.json())]).toEqual([list, true]);
    const stranger = await app.browser().get(paths.listFile(list));
    expect([list, stranger.status, stranger.headers.get("location")]).toEqual([list, 302, expect.stringContaining("/sign-in")]);
    const entries = await listAuditHeads(
      db.read,
      db.tables,
      { action: list === "trials" ? "trial_list.exported" : `${list}.exported` },
      { size: 10 },
    );
    expect([list, entries.length]).toEqual([list, 2]);
  }
  expect((await viewer.get("/lists/passwords")).status).toBe(404);
  expect((await viewer.get("/lists/constructor")).status).toBe(404);
});

test("the list of tenants leads to a file with its filters, and the file has them", async () => {
  const html = await (await viewer.get("/tenants?plan=pro&sort=-created")).text();
  const [, href = ""] = /href="(\/lists\/tenants\?[^"]*format=csv)"/.exec(html) ?? [];
  const text = await (await viewer.get(href.replaceAll("&amp;", "&"))).text();
  expect(text.split("\r\n").slice(1)).toEqual([expect.stringMatching(/^acme,'=Acme,active,pro,,2/), ""]);
  const gone = await viewer.get("/lists/tenants?plan=gone&trial=soon&feature=none&through=luck");
  expect([gone.status, (await gone.text()).split("\r\n").length]).toEqual([200, 2]);
});

const upload = (text: string | Uint8Array<ArrayBuffer>, as = admin, name = "tenants.csv") => {
  const form = new FormData();
  form.append("file", new File([text], name));
  const cookie = [...as.cookies].map(([key, value]) => `${key}=${value}`).join("; ");
  const headers = { cookie, origin: app.url, accept: "text/html" };
  return fetch(`${app.url}${paths.importTenants()}?index`, { method: "POST", body: form, headers, redirect: "manual" });
};

test.each([
  ["an empty file", "", "The file is empty. Its first line names the columns."],
  ["a byte order mark alone", "\ufeff", "The file is empty. Its first line names the columns."],
  ["a first line alone", "key,name\r\n", "The file has no rows below its first line, which names the columns."],
  ["Latin-1", Buffer.from("key,name\na,Café\n", "latin1"), "Line 2 is not UTF-8 text. Save the file as “CSV UTF-8” and upload it again"],
  ["a workbook", Buffer.from("504b0304140006000800000021ff", "hex"), "Line 1 is not UTF-8 text."],
  ["a million columns", `key${",".repeat(1_000_000)}\n`, "Line 1 has over 100 columns. Leave out those that are not needed."],
  ["a quote that is never closed", 'key,name\na,"A\n', "a quote is opened and never closed."],
  ["no chosen file", null, "Choose a file, or paste its text."],
])("%s is refused with its sentence, and leaves nothing", async (_what, text, sentence) => {
  const answer = text === null ? await admin.post(`${paths.importTenants()}?index`, { text: " " }) : await upload(text as string);
  expect([answer.status, await textOf(answer)]).toEqual([422, expect.stringContaining(sentence)]);
  const { db } = app.services;
  expect(await db.read.select().from(db.tables.csvUploads)).toEqual([]);
  expect(await db.read.select().from(db.tables.csvRows)).toEqual([]);
});

test("a file that is no CSV is refused by a quote in the wrong place, or for want of a column with keys", async () => {
  const json = await upload('{"tenants":\n  {"acme": 1}}\n');
  expect([json.status, await textOf(json)]).toEqual([422, expect.stringContaining("Line 1: a quote is in the wrong place.")]);
  const stored = await upload("Dear all,\nplease find the tenants below.\n");
  const mapping = stored.headers.get("location") as string;
  const answer = await admin.post(mapping, { count: "2", c0: "", c1: "", addOnSeparator: ";" });
  expect([answer.status, await textOf(answer)]).toEqual([422, expect.stringContaining("Choose the column that holds the tenants' keys.")]);
});

test("a mapping that was edited by hand is refused with its sentence, and a file that is gone is not found", async () => {
  const mapping = (await upload("key,name\na,A\n")).headers.get("location") as string;
  const refused = async (form: Record<string, string>) => {
    const answer = await admin.post(mapping, { addOnSeparator: ";", ...form });
    return [answer.status, await textOf(answer)];
  };
  expect(await refused({ count: "3", c0: "key" })).toEqual([422, expect.stringContaining("The file has other columns.")]);
  expect(await refused({ count: "2", c0: "key", c1: "key" })).toEqual([
    422,
    expect.stringContaining("Another column holds the key already."),
  ]);
  expect(await refused({ count: "2", c0: "key", c1: "meta", m1: "__proto__" })).toEqual([
    422,
    expect.stringContaining("A metadata field has a name of 1 to 100 characters"),
  ]);
  expect((await refused({ count: "2", c0: "colour" }))[0]).toBe(422);
  const gone = await admin.get(paths.importTenantsMapping("csv_none"));
  expect([gone.status, await textOf(gone)]).toEqual([404, expect.stringContaining("This file is no longer here")]);
});

test("a file goes from its upload through the preview to tenants, by forms alone", async () => {
  const { services } = app;
  const mapping = (await upload("key,name,plan\nacme,Acme,free\nnew,New,gold\nmore,More,pro\n")).headers.get("location") as string;
  expect(await textOf(await admin.get(mapping))).toContain("tenants.csv: 3 rows.");
  const preview = await admin.post(mapping, { count: "3", c0: "key", c1: "name", c2: "plan", addOnSeparator: ";" });
  await services.jobs.runAll();
  const at = preview.headers.get("location") as string;
  const text = await textOf(await admin.get(at));
  expect(text).toContain("Name: =Acme → Acme. Plan: Pro → Free.");
  expect(text).toContain("Line 3, column “plan”: There is no plan gold. Choose one that the catalogue has.");
  expect((await services.facts.tenant("more")).facts).toBeNull();
  expect((await viewer.post(at, { intent: "run" })).status).toBe(403);
  const run = await admin.post(at, { intent: "run" });
  await services.jobs.runAll();
  const id = run.headers.get("location")?.split("/").at(-1) as string;
  expect(await jobNow(services, { id })).toMatchObject({ state: "done", done: 2, created: 1, failed: 1 });
  const again = await admin.post(paths.job(id), { intent: "again", state: "failed" });
  expect(again.headers.get("location")).toBe(paths.job(id));
});
