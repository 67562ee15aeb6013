import Sqlite from "better-sqlite3";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { type ImpactPlace, listImpactTenants } from "~db/store/impacts.server";
import { type Recorded, recordStatements } from "./support/recorded-statements";
import { engines, startServices } from "./support/services";

const recorder = recordStatements();
afterAll(recorder.restore);

const size = 5_000;
const page = 500;

async function planOf(engine: string, url: string, { sql: text, params }: Recorded): Promise<string> {
  if (engine === "sqlite") {
    const file = new Sqlite(url.replace(/^file:/, ""), { readonly: true });
    const steps = file.prepare(`explain query plan ${text}`).all(...params) as { detail: string }[];
    file.close();
    return steps.map(({ detail }) => detail).join("\n");
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("analyze impact_tenants");
  const { rows } = await client.query(`explain ${text}`, params);
  await client.end();
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

test.each(engines)("tenants of an impact with equal checks are read in the order of their index, each once, on %s", async (engine) => {
  const { db, url, stop } = await startServices(engine);
  const { impactTenants } = db.tables;
  const keys = Array.from({ length: size }, (_, i) => `t${String(i).padStart(5, "0")}`);
  await db.transaction([], async (tx) => {
    for (let from = 0; from < size; from += page) {
      const rows = keys
        .slice(from, from + page)
        .map((tenant) => ({ job: "imp", effect: "loses" as const, tenant, checks: 0, features: 1, named: [] }));
      await tx.insert(impactTenants).values(rows);
    }
  });
  const found: string[] = [];
  for (let after: ImpactPlace | undefined; ; ) {
    recorder.during(engine);
    const rows = await listImpactTenants(db.readAside, db.tables, "imp", { effect: "loses", after, size: page });
    recorder.during(null);
    found.push(...rows.map(({ tenant }) => tenant));
    const last = rows.at(-1);
    if (!last) break;
    after = { checks: last.checks, tenant: last.tenant };
  }
  expect(found).toEqual(keys.toReversed());
  const statements = recorder.take().filter(({ by, sql }) => by === engine && sql.includes("impact_tenants"));
  expect(statements).toHaveLength(2);
  for (const statement of statements) {
    const plan = await planOf(engine, url, statement);
    expect(plan).toContain("impact_tenants_by_checks");
    expect(plan).not.toMatch(/TEMP B-TREE|Sort/);
  }
  await stop();
});
