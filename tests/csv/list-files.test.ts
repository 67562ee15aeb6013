import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ListFile, listFileText } from "~/core/list-file";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { createKey } from "~/server/keys/api-keys.server";
import { featuresFile, keysFile, peopleFile, plansFile } from "~/server/lists/small-files.server";
import { tenantsFile } from "~/server/lists/tenants-file.server";
import { trialsFile } from "~/server/lists/trials-file.server";
import { insertAdmin } from "~db/store/admins.server";
import { operator, queueBulk, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { csvCells, csvResults, queueCsv } from "../support/csv-world";
import { engines, startServices, type TestServices } from "../support/services";

async function textOf(file: ListFile, format: "csv" | "json" = "csv"): Promise<string> {
  let text = "";
  for await (const part of listFileText(file, format)) text += part;
  return text;
}
const keysIn = async (file: Promise<ListFile>) => (await csvCells(await textOf(await file))).slice(1).map(([key]) => key);

describe.each(engines)("lists as files on %s", (engine) => {
  let services: TestServices;
  beforeEach(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
  });
  afterEach(() => services.stop());

  const insertPerson = async () => {
    const { db } = services;
    await db.transaction([], async (tx) => {
      const admin = { id: "adm_1", email: "a@example.com", name: "A", role: "viewer" as const, createdBy: "test" };
      await insertAdmin(tx, db.tables, { ...admin, createdAt: new Date(services.now()), passwordHash: "scrypt$secret" });
    });
  };
  const formulas = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "'=1", "''@"];
  const hostile = async () =>
    seedTenants(services, [
      ...formulas.map((text, i): [string, object] => [`f${i}`, { name: `F${i}`, plan: "pro", addOns: ["more"], metadata: { note: text } }]),
      ["=key", { name: '=HYPERLINK("x"),"y"', plan: "free", status: "suspended", metadata: { size: 5, "a,b": 'two\nlines "quoted"' } }],
      ["株式会社", { name: "دلتا", metadata: { note: "-" } }],
      ["-", { name: "-", plan: "free", metadata: { note: " - ", long: "x".repeat(9_900) } }],
      ["spaced", { metadata: { " region": "eu", empty: "", spaces: "  " } }],
    ]);

  test("no cell of a CSV file begins as a formula does", async () => {
    await hostile();
    const cells = await csvCells(await textOf(await tenantsFile(services, {})));
    expect(cells.flat().filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([]);
    const note = cells[0]?.indexOf("metadata.note") as number;
    const written = cells.slice(1).flatMap((row) => (row[0]?.startsWith("f") ? [row[note]] : []));
    expect(written).toEqual(formulas.map((text) => `'${text}`));
  });

  test("a CSV file begins with a byte order mark, so that spreadsheets read it as UTF-8, and JSON does not", async () => {
    expect((await textOf(await tenantsFile(services, {}))).startsWith("\ufeffkey,name,")).toBe(true);
    expect((await textOf(await tenantsFile(services, {}), "json")).startsWith("[")).toBe(true);
  });

  test("CSV and JSON have the same columns and rows", async () => {
    await hostile();
    await createKey(services, operator, { name: "=app", scopes: ["check", "usage"], expiresAt: null });
    await insertPerson();
    await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, { kind: "keys", keys: ["株式会社"] });
    await services.jobs.runAll();
    const running = readTrialListQuery(new URLSearchParams("tab=running"));
    const lists = [
      () => tenantsFile(services, {}),
      async () => trialsFile(services, running),
      plansFile,
      featuresFile,
      keysFile,
      peopleFile,
    ];
    for (const list of lists) {
      const [heads = [], ...rows] = await csvCells(await textOf(await list(services)));
      const objects: { [column: string]: unknown }[] = JSON.parse(await textOf(await list(services), "json"));
      const asCell = (value: unknown) => {
        const text = value === null ? "" : Array.isArray(value) ? value.join(";") : String(value);
        return typeof value === "string" && /^'*([=+\-@\t\r\n]| - $)/.test(text) ? `'${text}` : text;
      };
      expect(objects.length).toBeGreaterThan(0);
      expect(objects.map((one) => Object.keys(one))).toEqual(objects.map(() => heads));
      expect(rows).toEqual(objects.map((one) => heads.map((head) => asCell(one[head]))));
    }
  });

  test("a file of tenants imports to the same state: each of its rows is skipped", async () => {
    await hostile();
    const job = await queueCsv(services, await textOf(await tenantsFile(services, {})));
    await services.jobs.runAll();
    const results = await csvResults(services, job);
    expect(results).toHaveLength(formulas.length + 4);
    expect(new Set(results.map(([, state, message]) => `${state}: ${message}`))).toEqual(
      new Set(["skipped: Is already as the file says."]),
    );
  });

  test("has the tenants that the list shows with the same filters", async () => {
    await seedTenants(services, [
      ["a", { plan: "pro", metadata: { region: "eu" } }],
      ["b", { plan: "free", addOns: ["more"], metadata: { region: "us" } }],
      ["c", { plan: "free", status: "suspended" }],
      ["d", {}],
    ]);
    await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, { kind: "keys", keys: ["c"] });
    await services.jobs.runAll();
    const keys = (filter: Parameters<typeof tenantsFile>[1]) => keysIn(tenantsFile(services, filter));
    expect(await keys({})).toEqual(["a", "b", "c", "d"]);
    expect(await keys({ plan: "free" })).toEqual(["b", "c"]);
    expect(await keys({ plan: "" })).toEqual(["d"]);
    expect(await keys({ addOn: "more" })).toEqual(["b"]);
    expect(await keys({ status: "suspended" })).toEqual(["c"]);
    expect(await keys({ trial: "live" })).toEqual(["c"]);
    expect(await keys({ metadata: { key: "region", value: "eu" } })).toEqual(["a"]);
    expect(await keys({ feature: { key: "sso", through: "plan" } })).toEqual(["a"]);
    expect(await keys({ search: "d" })).toEqual(["d"]);
    expect(await keys({ plan: "gone" })).toEqual([]);
  });

  test("has the trials that their list shows, in its order, over all of its pages", async () => {
    await seedTenants(services, tenantsNamed(250));
    const keys = tenantsNamed(250).map(([key]) => key);
    await queueBulk(services, { act: "grant_trial", features: [{ feature: "sso" }], days: 14 }, { kind: "keys", keys });
    await services.jobs.runAll();
    const tenants = async (query: string) => {
      const [heads = [], ...rows] = await csvCells(await textOf(trialsFile(services, readTrialListQuery(new URLSearchParams(query)))));
      return rows.map((row) => row[heads.indexOf("tenant")]);
    };
    expect((await tenants("tab=running")).toSorted()).toEqual(keys);
    expect(await tenants("tab=running&q=t00007")).toEqual(["t00007"]);
    expect([await tenants("tab=upcoming"), await tenants("tab=ended"), await tenants("feature=audit")]).toEqual([[], [], []]);
  });

  test("rows are read while the file is sent, some at a time, so that its size does not matter", async () => {
    await seedTenants(services, tenantsNamed(1_000));
    const parts = listFileText(await tenantsFile(services, {}), "csv");
    await parts.next();
    const first = await parts.next();
    expect(String(first.value).split("\r\n").length).toBeLessThanOrEqual(201);
    // It is last, and was not there when the first rows were read.
    await seedTenants(services, [["zz", {}]]);
    const rest: string[] = [];
    for await (const part of parts) rest.push(part);
    expect(rest.length).toBeGreaterThanOrEqual(4);
    expect(rest.join("")).toMatch(/\r\nzz,zz,active,/);
  });

  test("has no secret, hash or password", async () => {
    const { key } = await createKey(services, operator, { name: "App", scopes: ["check"], expiresAt: null });
    await insertPerson();
    const texts = [await textOf(await keysFile(services)), await textOf(await peopleFile(services))].join("\n");
    expect(texts).toContain("App");
    expect(texts).toContain("a@example.com");
    expect(texts).not.toContain(key.slice(-20));
    expect(texts).not.toMatch(/hash|secret|scrypt/);
  });
});
