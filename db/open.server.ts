import { type Database, DatabaseProblem, type OpenOptions } from "./database";
import { openPostgres } from "./postgres.server";
import { openSqlite } from "./sqlite.server";

/**
 * Opens the database and migrates it. `file:./data/latchkey.db` is SQLite, `postgres://…` PostgreSQL. Throws a
 * DatabaseProblem with a message for the operator.
 */
export function openDatabase(url: string, options: OpenOptions = {}): Promise<Database> {
  if (url.startsWith("file:")) return openSqlite(url.slice("file:".length), options);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, options);
  throw new DatabaseProblem("DATABASE_URL has to begin with file: (SQLite) or postgres:// (PostgreSQL).");
}
