import { type Database, DatabaseProblem } from "./database";
import { openPostgres } from "./postgres.server";
import { openSqlite } from "./sqlite.server";

/**
 * Opens the database that the address names and brings it to the program's version.
 * `file:./data/latchkey.db` is SQLite; `postgres://…` is PostgreSQL. Throws a DatabaseProblem with a sentence for the operator.
 */
export function openDatabase(url: string): Promise<Database> {
  if (url.startsWith("file:")) return openSqlite(url.slice("file:".length));
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  throw new DatabaseProblem("DATABASE_URL has to begin with file: (SQLite) or postgres:// (PostgreSQL).");
}
