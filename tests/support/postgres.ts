import { randomBytes } from "node:crypto";
import { copyFileSync } from "node:fs";
import pg from "pg";
import { inject } from "vitest";

async function resource(name: string): Promise<string> {
  const answer = await fetch(inject("databases") + name);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** The URL of a new database in this run's PostgreSQL: empty, or a copy of a migrated one. Copying its files is faster than the default, which writes all pages to the log. */
async function newPostgresUrl(template?: string): Promise<string> {
  const server = await resource("/postgres");
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  const name = `test_${randomBytes(6).toString("hex")}`;
  try {
    await client.query(`CREATE DATABASE ${name}${template ? ` TEMPLATE ${template} STRATEGY file_copy` : ""}`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** The URL of a new, empty database in this run's PostgreSQL. */
export const freshPostgresUrl = () => newPostgresUrl();

/** The URL of a new, migrated database in this run's PostgreSQL. */
export const migratedPostgresUrl = async () => newPostgresUrl(await resource("/postgres-template"));

/** Creates a migrated SQLite file. */
export async function copyMigratedFile(file: string): Promise<void> {
  copyFileSync(await resource("/sqlite-template"), file);
}
