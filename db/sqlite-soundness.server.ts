import Sqlite from "better-sqlite3";
import { DatabaseProblem } from "./database";
import { findWalMatch } from "./sqlite-wal-match.server";

/**
 * SQLite's integrity problems, or null. Reads the whole file: about 6 s for 1 GB. Opened read-only, so that closing
 * does not checkpoint the `-wal`.
 */
export function findDamage(file: string): string | null {
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    const found = connection.pragma("integrity_check(1)", { simple: true }) as string;
    return found === "ok" ? null : found;
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return message;
    throw error;
  } finally {
    connection.close();
  }
}

/** Throws a DatabaseProblem before SQLite mixes a `-wal` into a file that it was not written for. */
export function refuseForeignWal(file: string): void {
  const match = findWalMatch(file);
  if (match === "no wal" || match === "belongs") return;
  const damage = match === "unknown" ? findDamage(file) : null;
  if (match === "unknown" && damage === null) return;
  throw new DatabaseProblem(
    `${file}-wal does not belong to ${file}, as when a copy is put over a database whose server was killed. ` +
      `Opening both would break the data. To go on with the copy, stop every Latchkey and run: latchkey restore ${file} --overwrite`,
    { cause: damage === null ? undefined : new Error(damage) },
  );
}
