import pg from "pg";
import { expect, test } from "vitest";
import { freshPostgresUrl } from "./support/postgres";

async function ask(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test("each suite gets an empty PostgreSQL database of its own", async () => {
  const [one, two] = await Promise.all([freshPostgresUrl(), freshPostgresUrl()]);
  await ask(one, "create table only_here (id int)");
  const tables = "select tablename from pg_tables where schemaname = 'public'";
  expect(await ask(one, tables)).toEqual([{ tablename: "only_here" }]);
  expect(await ask(two, tables)).toEqual([]);
});

test("PostgreSQL sorts by a language's rules here, so that a query leaning on byte order is found out", async () => {
  const rows = await ask(await freshPostgresUrl(), "select word from (values ('b'), ('A'), ('a'), ('B')) as words (word) order by word");
  expect(rows.map(({ word }) => word)).toEqual(["a", "A", "b", "B"]);
});
