import pg from "pg";
import { DatabaseProblem, noDatabase, type OpenOptions } from "./database";
import { migrationsTable, pendingMigrations } from "./migrate.server";
import { outOfConnections } from "./postgres-connections";
import { isOutOfConnections, isReadOnly } from "./unavailable";

const connectionTimeoutMs = 5_000;

/** On its own connection, without a statement timeout. */
export async function migratePostgres(url: string, { mayCreate = true, onCreate }: OpenOptions): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectionTimeoutMs });
  client.on("error", () => {});
  try {
    await client.connect();
    // Serializes processes: the second finds nothing to do.
    await client.query("select pg_advisory_lock(hashtextextended('latchkey migrations', 0))");
    const found = await client.query("select to_regclass($1) as name", [migrationsTable]);
    const isNew = found.rows[0].name === null;
    if (isNew && !mayCreate) throw noDatabase(placeOf(client));
    await client.query(`create table if not exists ${migrationsTable} (at bigint primary key, hash text not null)`);
    const { rows } = await client.query(`select at from ${migrationsTable} order by at`);
    for (const migration of pendingMigrations(
      "postgres",
      rows.map((r) => Number(r.at)),
    )) {
      await client.query("begin");
      for (const statement of migration.sql) await client.query(statement);
      await client.query(`insert into ${migrationsTable} values ($1, $2)`, [migration.folderMillis, migration.hash]);
      await client.query("commit");
    }
    if (isNew) onCreate?.(placeOf(client));
  } catch (error) {
    throw explain(error);
  } finally {
    // Releases the lock and rolls back.
    await client.end();
  }
}

/** Without user and password. */
const placeOf = ({ host, port, database }: pg.Client) => `${host}:${port}/${database}`;

function explain(error: unknown): Error {
  if (error instanceof DatabaseProblem) return error;
  const say = (sentence: string) => new DatabaseProblem(sentence, { cause: error });
  const code = (error as { code?: string }).code ?? "";
  if (["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH", "ECONNRESET", "57P03"].includes(code)) {
    return say("PostgreSQL does not answer at the address in DATABASE_URL. Start it, or correct the address.");
  }
  if (isOutOfConnections(error)) return say(outOfConnections);
  if (code === "28P01" || code === "28000") return say("PostgreSQL refuses the user or password in DATABASE_URL. Correct them.");
  if (code === "3D000") return say("The database that DATABASE_URL names does not exist. Create it, then start Latchkey again.");
  if (isReadOnly(error)) {
    return say(
      "PostgreSQL takes no writes at the address in DATABASE_URL: it is a standby, or set to read only. Name the server that takes writes, then start Latchkey again.",
    );
  }
  if (code === "42501") return say("The user in DATABASE_URL may not create tables. Give it the right to, then start Latchkey again.");
  return error as Error;
}
