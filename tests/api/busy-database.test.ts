import Sqlite from "better-sqlite3";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";

let api: Api;
afterEach(() => api.stop());

async function expectRefusal() {
  const answer = await api.send("PUT", "/api/tenants/acme", { name: "Acme" });
  expect([answer.status, answer.headers.get("retry-after"), (await answer.json()).code]).toEqual([503, "5", "database_unavailable"]);
}

test("a SQLite file that another program holds is waited for, then refused with 503", async () => {
  api = await startApi();
  const other = new Sqlite(api.url.slice("file:".length));
  other.exec("BEGIN IMMEDIATE");
  await expectRefusal();
  other.exec("ROLLBACK");
  expect((await api.send("PUT", "/api/tenants/acme", { name: "Acme" })).status).toBe(201);
  other.close();
});

test("a PostgreSQL that is gone is refused with 503 too, and works again when it is back", async () => {
  api = await startApi("postgres");
  const url = new URL(api.url);
  const name = url.pathname.slice(1);
  url.pathname = "/postgres";
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`alter database ${name} allow_connections false`);
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
  await expectRefusal();
  await admin.query(`alter database ${name} allow_connections true`);
  await admin.end();
  expect((await api.send("PUT", "/api/tenants/acme", { name: "Acme" })).status).toBe(201);
});
