import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { type Database, DatabaseProblem, type Queries } from "./database";
import { dialects } from "./dialect";
import { insideTransaction } from "./inside-transaction.server";
import { migrationsTable, pendingMigrations } from "./migrate.server";
import { defineSchema } from "./schema";
import { startThread, type Thread } from "./sqlite-thread.server";
import { textOf } from "./statement-text";
import { tellingUnavailable } from "./unavailable";

/** How long a write waits for another process before it gives up, in milliseconds. */
const lockPatience = 5_000;

/** Another process holds the file; asking again helps. */
export function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

const connectionSettings = ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"];

/**
 * `busyTimeout` blocks the whole event loop while it waits, so connections of a server use 0 and ask again instead.
 * better-sqlite3 falls back to synchronous=NORMAL when a WAL file is opened again, which may lose the last commits with the power.
 */
export function connect(file: string, busyTimeout = 0): Sqlite.Database {
  const connection = new Sqlite(file, { timeout: busyTimeout });
  try {
    for (const setting of connectionSettings) connection.pragma(setting);
    if (connection.pragma("synchronous", { simple: true }) !== 2) throw new Error("SQLite did not take synchronous=FULL");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

export async function openSqlite(file: string): Promise<Database> {
  const { writer, reader } = await openFile(path.resolve(file));
  const tables = defineSchema(dialects.sqlite);
  const write = drizzle(writer) as unknown as Queries;
  const inside = insideTransaction();
  let queue: Promise<unknown> = Promise.resolve();
  let held: Promise<unknown> = queue;
  let thread: Thread | undefined;

  async function run<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    await begin(writer);
    try {
      const result = await inside.run(() => work(write));
      writer.exec("COMMIT");
      return result;
    } catch (error) {
      if (writer.inTransaction) writer.exec("ROLLBACK");
      throw error;
    }
  }

  function transaction<T>(work: (tx: Queries) => Promise<T>): Promise<T> {
    inside.refuse();
    const result = tellingUnavailable(queue.then(() => run(work)));
    queue = result.catch(() => {});
    return result;
  }

  const dataVersion = writer.prepare("PRAGMA data_version").pluck();
  let seen = dataVersion.get();
  return {
    engine: "sqlite",
    tables,
    read: drizzle(reader) as unknown as Queries,
    transaction: (_locks, work) => transaction(work),
    async aside(build) {
      inside.refuse();
      if (!thread?.isAlive()) return void (await transaction(async (tx) => await build(tx)));
      const { sql, params } = build(write).toSQL();
      await held;
      await tellingUnavailable(thread.run(sql, [params]));
    },
    prepareAside(build) {
      const statement = textOf(build, write);
      return async (pieces) => {
        inside.refuse();
        if (!thread?.isAlive()) return transaction(async () => eachInTurn(writer.prepare(statement), pieces));
        await held;
        const lists = pieces.map((piece) => [piece]);
        await tellingUnavailable(thread.run(statement, lists));
      };
    },
    startAside() {
      thread ??= startThread({ file: path.resolve(file), settings: connectionSettings, lockPatience });
    },
    holdWrites(work) {
      inside.refuse();
      const result = queue.then(work);
      queue = result.catch(() => {});
      held = queue;
      return result;
    },
    // Moves on commits of other connections only, so it is asked on the one that writes for this process.
    hasMoved() {
      const version = dataVersion.get();
      if (version === seen) return false;
      seen = version;
      return true;
    },
    async ping() {
      reader.prepare("select 1 from settings limit 1").get();
    },
    async close() {
      await Promise.all([queue, thread?.stop()]);
      reader.close();
      writer.close();
    },
  };
}

function eachInTurn(statement: Sqlite.Statement, pieces: string[]): void {
  for (const piece of pieces) statement.run(piece);
}

async function openFile(file: string): Promise<{ writer: Sqlite.Database; reader: Sqlite.Database }> {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const writer = await patiently(() => connect(file));
    await migrate(writer, file);
    return { writer, reader: await patiently(() => connect(file)) };
  } catch (error) {
    throw explain(error, file);
  }
}

/** Repeats what fails because another process holds the file, for up to `lockPatience`. */
export async function patiently<T>(attempt: () => T): Promise<T> {
  const until = performance.now() + lockPatience;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await wait(pause + Math.random() * pause);
    }
  }
}

const begin = (writer: Sqlite.Database) => patiently(() => void writer.exec("BEGIN IMMEDIATE"));

async function migrate(writer: Sqlite.Database, file: string): Promise<void> {
  await patiently(() => writer.exec(`create table if not exists ${migrationsTable} (at integer primary key, hash text not null)`));
  const applied = () => writer.prepare(`select at from ${migrationsTable} order by at`).pluck().all() as number[];
  if (pendingMigrations("sqlite", applied()).length === 0) return;
  // A table rebuilt inside a transaction with keys on empties the tables that point at it.
  writer.pragma("foreign_keys = OFF");
  const before = applied();
  if (before.length > 0) writer.prepare("VACUUM INTO ?").run(`${file}.before-${before.at(-1)}-${Date.now()}`);
  await begin(writer);
  try {
    for (const migration of pendingMigrations("sqlite", applied())) {
      for (const statement of migration.sql) writer.exec(statement);
      writer.prepare(`insert into ${migrationsTable} values (?, ?)`).run(migration.folderMillis, migration.hash);
    }
    const broken = writer.pragma("foreign_key_check") as unknown[];
    if (broken.length > 0) throw new Error(`A migration left ${broken.length} rows that point nowhere.`);
    writer.exec("COMMIT");
  } catch (error) {
    if (writer.inTransaction) writer.exec("ROLLBACK");
    throw error;
  }
  writer.pragma("foreign_keys = ON");
}

function explain(error: unknown, file: string): Error {
  if (error instanceof DatabaseProblem) return error;
  const say = (sentence: string) => new DatabaseProblem(sentence, { cause: error });
  const code = (error as { code?: string }).code ?? "";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return say(`${file} is not a usable SQLite database. Put back a copy of it, or name another file in DATABASE_URL.`);
  }
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_IOERR|SQLITE_PERM|EACCES|EROFS|ENOTDIR|EEXIST|EPERM)/.test(code)) {
    return say(`${file} cannot be written. Give this user the right to write it and its folder, or name another file in DATABASE_URL.`);
  }
  if (isBusy(error)) return say(`${file} is held by another program. Stop that one, then start Latchkey again.`);
  if (code === "SQLITE_FULL" || code === "ENOSPC") return say(`The disk that holds ${file} is full. Make room, then start Latchkey again.`);
  return error as Error;
}
