import { randomInt } from "node:crypto";
import { statSync } from "node:fs";
import path from "node:path";
import Sqlite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { type Database, DatabaseProblem, lockTimeoutMs, noDatabase, type OpenOptions, type Queries } from "./database";
import { dialects } from "./dialect";
import { createPrivateFile } from "./file-modes.server";
import { migrationsTable, pendingMigrations } from "./migrate.server";
import { defineSchema } from "./schema";
import { isBusy, retryWhileBusy } from "./sqlite-busy.server";
import { watchCommits } from "./sqlite-commits.server";
import { type Executor, executeHere, executeInThread, queriesOver } from "./sqlite-executor.server";
import { createReaders } from "./sqlite-readers.server";
import { refuseForeignWal } from "./sqlite-soundness.server";
import { numberCommit } from "./sqlite-statements.server.mjs";
import { createTransactions } from "./sqlite-transactions.server";
import { maxIdleWalBytes, truncateWal } from "./sqlite-wal.server";
import { statementText } from "./statement-text";

const whileBusy = <T>(attempt: () => T) => retryWhileBusy(attempt, lockTimeoutMs);

const connectionSettings = [
  "journal_mode = WAL",
  "synchronous = FULL",
  "foreign_keys = ON",
  "trusted_schema = OFF",
  `journal_size_limit = ${maxIdleWalBytes}`,
];

/**
 * `busyTimeout` blocks the event loop, so server connections use 0 and retry instead. better-sqlite3 falls back to
 * synchronous=NORMAL when it reopens a WAL file, which may lose the last commits in a power failure.
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

export async function openSqlite(name: string, options: OpenOptions = {}): Promise<Database> {
  const file = path.resolve(name);
  const { writer, reader } = await openFile(file, options);
  const tables = defineSchema(dialects.sqlite);
  const read = drizzle(reader) as unknown as Queries;
  let areThreadsOn = false;
  const here = executeHere(writer);
  let thread: Executor | undefined;
  const writes = createTransactions(() => {
    if (!areThreadsOn) return here;
    if (!thread?.isAlive()) thread = executeInThread(file, connectionSettings);
    return thread;
  });
  const readers = createReaders(file);
  const readHere = executeHere(reader);
  const movement = watchCommits(reader, writes);
  const stopTruncating = truncateWal(file, writes);

  /** Numbers the start and empties the WAL, so that no WAL follows a copy made while the server was stopped. */
  async function beginAnew(): Promise<void> {
    await writes.transaction(async () => {});
    await writes.hold(() => writes.ask("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  return {
    engine: "sqlite",
    tables,
    read,
    readAside: queriesOver((sql, params) => (areThreadsOn ? readers : readHere).execute(sql, params)),
    transaction: (_locks, work, options) => writes.transaction(work, options),
    async aside(build) {
      await writes.transaction(async (tx) => await build(tx));
    },
    prepareAside(build) {
      const statement = statementText(build, read);
      return (pieces) =>
        writes.transaction(async () => {
          for (const piece of pieces) await writes.execute(statement, [piece]);
        });
    },
    startThreads() {
      areThreadsOn = true;
      beginAnew().catch(() => {}); // Another process works with the file; nothing depends on it.
    },
    holdWrites: (work) => writes.hold(work),
    followCommits: null,
    reconnect: () => {},
    hasMoved: movement.hasMoved,
    othersMoved: movement.othersMoved,
    async ping() {
      reader.prepare("select 1 from settings limit 1").get();
    },
    async close() {
      stopTruncating();
      await Promise.all([writes.close(), readers.stop()]);
      reader.close();
      writer.close();
    },
  };
}

/** Opens read-only, because a mistyped path may name another program's file. An empty file is not a database yet. */
function isDatabase(file: string): boolean {
  if (!statSync(file, { throwIfNoEntry: false })?.size) return false;
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    return connection.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(migrationsTable) !== undefined;
  } finally {
    connection.close();
  }
}

/** Commits of an empty file are numbered from anywhere, so that two databases hardly ever hold the same number. */
function chooseFirstNumber(file: string): void {
  const connection = new Sqlite(file, { timeout: 0 });
  try {
    connection.exec("BEGIN IMMEDIATE");
    const isEmpty = ["user_version", "schema_version"].every((name) => connection.pragma(name, { simple: true }) === 0);
    if (isEmpty) connection.pragma(`user_version = ${randomInt(1, 2 ** 31)}`);
    connection.exec("COMMIT");
  } finally {
    connection.close();
  }
}

async function openFile(
  file: string,
  { mayCreate = true, onCreate }: OpenOptions,
): Promise<{ writer: Sqlite.Database; reader: Sqlite.Database }> {
  try {
    await whileBusy(() => refuseForeignWal(file));
    const isNew = !(await whileBusy(() => isDatabase(file)));
    if (isNew && !mayCreate) throw noDatabase(file);
    createPrivateFile(file);
    if (isNew) await whileBusy(() => chooseFirstNumber(file));
    const writer = await whileBusy(() => connect(file));
    await migrate(writer, file);
    if (isNew) onCreate?.(file);
    return { writer, reader: await whileBusy(() => connect(file)) };
  } catch (error) {
    throw explain(error, file);
  }
}

async function migrate(writer: Sqlite.Database, file: string): Promise<void> {
  await whileBusy(() => writer.exec(`create table if not exists ${migrationsTable} (at integer primary key, hash text not null)`));
  const applied = () => writer.prepare(`select at from ${migrationsTable} order by at`).pluck().all() as number[];
  if (pendingMigrations("sqlite", applied()).length === 0) return;
  // Rebuilding a table in a transaction with foreign keys on deletes the rows that reference it.
  writer.pragma("foreign_keys = OFF");
  const before = applied();
  if (before.length > 0) {
    const copy = `${file}.before-${before.at(-1)}-${Date.now()}`;
    createPrivateFile(copy);
    writer.prepare("VACUUM INTO ?").run(copy);
  }
  await whileBusy(() => writer.exec("BEGIN IMMEDIATE"));
  try {
    for (const migration of pendingMigrations("sqlite", applied())) {
      for (const statement of migration.sql) writer.exec(statement);
      writer.prepare(`insert into ${migrationsTable} values (?, ?)`).run(migration.folderMillis, migration.hash);
    }
    const broken = writer.pragma("foreign_key_check") as unknown[];
    if (broken.length > 0) throw new Error(`A migration left ${broken.length} rows that point nowhere.`);
    numberCommit(writer);
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
  if (/^(SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_IOERR|SQLITE_PERM|EACCES|EROFS|ENOTDIR|ENOENT|EEXIST|EISDIR|EPERM)/.test(code)) {
    return say(`${file} cannot be written. Give this user the right to write it and its folder, or name another file in DATABASE_URL.`);
  }
  if (isBusy(error)) return say(`${file} is held by another program. Stop that one, then start Latchkey again.`);
  if (code === "SQLITE_FULL" || code === "ENOSPC") return say(`The disk that holds ${file} is full. Make room, then start Latchkey again.`);
  return error as Error;
}
