import { closeSync, createReadStream, createWriteStream, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import Sqlite from "better-sqlite3";
import { DatabaseProblem } from "./database";
import { createPrivateFile } from "./file-modes.server";
import { migrationsTable, pendingMigrations } from "./migrate.server";
import { findDamage } from "./sqlite-soundness.server";
import { findWalMatch } from "./sqlite-wal-match.server";

const besides = ["-wal", "-shm", "-journal"];
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Replaces a database that no process has open with a copy. The copy is fully checked before anything is changed.
 * `leftOut`: a `-wal` next to the copy that does not belong to it.
 */
export async function restoreSqlite(copy: string, name: string, mayOverwrite: boolean): Promise<{ file: string; leftOut: string | null }> {
  const file = path.resolve(name);
  const source = path.resolve(copy);
  refuseMissing(source);
  const isTaken = [file, `${file}-wal`].some((each) => sizeOf(each) > 0);
  if (isTaken && !mayOverwrite) {
    throw new DatabaseProblem(`There is a database at ${file}. Nothing was changed. To replace it, stop Latchkey and add --overwrite.`);
  }
  lockOut(file)();
  const draft = `${file}.restoring-${process.pid}`;
  try {
    const hasOwnWal = await copyTo(draft, source);
    checkDraft(draft, source);
    const unlock = lockOut(file);
    try {
      // In this order a crash leaves either the old pair or one that the next start refuses.
      renameSync(draft, file);
      for (const beside of besides) rmSync(`${file}${beside}`, { force: true });
      flush(path.dirname(file));
    } finally {
      unlock();
    }
    return { file, leftOut: hasOwnWal ? null : `${source}-wal` };
  } finally {
    for (const each of ["", ...besides]) rmSync(`${draft}${each}`, { force: true });
  }
}

function refuseMissing(source: string): void {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw new DatabaseProblem(`${source}: there is no such file.`);
  if (!found.isFile()) throw new DatabaseProblem(`${source}: this is not a file. Name a copy of the database.`);
}

/** Copies the file, with its `-wal` if that belongs to it. Returns false if the `-wal` was omitted. */
async function copyTo(draft: string, source: string): Promise<boolean> {
  const match = findWalMatch(source);
  const names = match === "belongs" || match === "unknown" ? ["", "-wal"] : [""];
  for (const beside of names) {
    createPrivateFile(`${draft}${beside}`);
    await pipeline(createReadStream(`${source}${beside}`), createWriteStream(`${draft}${beside}`, { flags: "r+" }));
  }
  return match !== "foreign";
}

function checkDraft(draft: string, source: string): void {
  const damage = findDamage(draft);
  if (damage !== null) throw new DatabaseProblem(`${source} is damaged and was not restored: ${damage}. Use another copy.`);
  const connection = new Sqlite(draft);
  try {
    if (!connection.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(migrationsTable)) {
      throw new DatabaseProblem(`${source} is not a Latchkey database. Name a copy of one.`);
    }
    pendingMigrations("sqlite", connection.prepare(`select at from ${migrationsTable}`).pluck().all() as number[]);
    connection.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    connection.close();
  }
  flush(draft);
}

function flush(name: string): void {
  const fd = openSync(name, "r");
  fsyncSync(fd);
  closeSync(fd);
}

/**
 * Holds the file's exclusive lock; throws a DatabaseProblem if a process has the database open. Opens the file under a
 * second name, under which SQLite finds no `-wal` to apply. Returns a function that releases the lock.
 */
function lockOut(file: string): () => void {
  if (sizeOf(file) === 0) return () => {};
  const link = `${file}.restoring-lock`;
  const removeLink = () => {
    for (const each of ["", ...besides]) rmSync(`${link}${each}`, { force: true });
  };
  removeLink();
  linkTo(file, link);
  const connection = new Sqlite(link, { timeout: 0 });
  const unlock = () => {
    connection.close();
    removeLink();
  };
  try {
    connection.pragma("locking_mode = EXCLUSIVE");
    connection.exec("BEGIN EXCLUSIVE");
    return unlock;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    // A file that is not a database is not in use.
    if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return unlock;
    unlock();
    if (code.startsWith("SQLITE_BUSY")) {
      throw new DatabaseProblem(`A running Latchkey has ${file} open. Nothing was changed. Stop it, then restore.`, { cause: error });
    }
    throw error;
  }
}

function linkTo(file: string, link: string): void {
  try {
    linkSync(file, link);
  } catch (cause) {
    const sentence = `Whether a server has ${file} open cannot be seen on this file system. Stop it, move ${file}, its -wal and -shm away, and restore again.`;
    throw new DatabaseProblem(sentence, { cause });
  }
}
