import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { type Database, DatabaseProblem, type Lock, type Queries } from "./database";
import { dialects } from "./dialect";
import { insideTransaction } from "./inside-transaction.server";
import { migrationsTable, pendingMigrations } from "./migrate.server";
import { followNotifications } from "./postgres-listen.server";
import { defineSchema } from "./schema";

/** A transaction that lasts longer is ended by the server: the change feed's readers look back only a minute. */
const longestTransaction = 15_000;
/** How long an address that does not answer is waited for, in milliseconds. */
const connectPatience = 5_000;

export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: connectPatience,
    idle_in_transaction_session_timeout: longestTransaction,
    statement_timeout: 60_000,
  });
  // A connection that breaks while idle is replaced by the pool at the next query, which then tells what is wrong.
  pool.on("error", () => {});
  // One that breaks inside a transaction, between two statements, would end the process; the next statement fails in any case.
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await migrate(pool);
  } catch (error) {
    await pool.end();
    throw explain(error);
  }
  const queries = drizzle(pool);
  const inside = insideTransaction();
  const follow = followNotifications(url);
  return {
    engine: "postgres",
    tables: defineSchema(dialects.postgres),
    read: queries as unknown as Queries,
    transaction(locks, work) {
      inside.refuse();
      return inside.run(() =>
        queries.transaction(async (tx) => {
          // READ COMMITTED loses a read-decide-write; sorted, so that two of them cannot wait for each other.
          for (const lock of [...locks].sort(byKey)) {
            const fn = sql.raw(lock.shared ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock");
            await tx.execute(sql`select ${fn}(hashtextextended(${lock.key}, 0))`);
          }
          return work(tx as unknown as Queries);
        }),
      );
    },
    hasMoved: follow.hasMoved,
    async ping() {
      await pool.query("select 1 from settings limit 1");
    },
    async close() {
      await follow.stop();
      await pool.end();
    },
  };
}

const byKey = (a: Lock, b: Lock) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    // Between processes: the second one finds nothing left to do.
    await client.query("select pg_advisory_lock(hashtextextended('latchkey migrations', 0))");
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
    await client.query("select pg_advisory_unlock(hashtextextended('latchkey migrations', 0))");
    client.release();
  } catch (error) {
    // Closing the connection gives back the lock and rolls back what was begun.
    client.release(true);
    throw error;
  }
}

function explain(error: unknown): Error {
  if (error instanceof DatabaseProblem) return error;
  const say = (sentence: string) => new DatabaseProblem(sentence, { cause: error });
  const code = (error as { code?: string }).code ?? "";
  if (["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH", "ECONNRESET", "57P03"].includes(code)) {
    return say("PostgreSQL does not answer at the address in DATABASE_URL. Start it, or correct the address.");
  }
  if (code === "28P01" || code === "28000") return say("PostgreSQL refuses the user or password in DATABASE_URL. Correct them.");
  if (code === "3D000") return say("The database that DATABASE_URL names does not exist. Create it, then start Latchkey again.");
  if (code === "42501") return say("The user in DATABASE_URL may not create tables. Give it the right to, then start Latchkey again.");
  return error as Error;
}
