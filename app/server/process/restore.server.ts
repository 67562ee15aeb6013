import { DatabaseProblem } from "~db/database";
import { restoreSqlite } from "~db/sqlite-restore.server";

const howToRestorePostgres =
  "latchkey restore puts back SQLite files. For PostgreSQL: stop every node, make an empty database, fill it with " +
  "pg_restore --no-owner --dbname DATABASE COPY (of a copy made with pg_dump --format=custom), name it in DATABASE_URL and start the nodes.";

/** Replaces the database at the address with a copy. Throws a DatabaseProblem with a message for the operator. */
export function restoreDatabase(url: string, copy: string, mayOverwrite: boolean): ReturnType<typeof restoreSqlite> {
  if (!url.startsWith("file:")) throw new DatabaseProblem(howToRestorePostgres);
  return restoreSqlite(copy, url.slice("file:".length), mayOverwrite);
}
