import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

/** The URL of a new, empty database in the PostgreSQL of this test run; it goes away with the run. */
export async function freshPostgresUrl(): Promise<string> {
  const answer = await fetch(inject("postgresDoor"));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  const client = new pg.Client({ connectionString: text });
  await client.connect();
  const name = `test_${randomBytes(6).toString("hex")}`;
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const fresh = new URL(text);
  fresh.pathname = `/${name}`;
  return fresh.href;
}
