import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Database } from "../database";
import { migrationsTable } from "../migrate.server";

type DatabaseState = {
  version: string;
  bytes: number;
  migrations: { count: number; newestAt: Instant };
  /** The copy that the last migration made beside a SQLite file, if it is still there. */
  copiedAt: Instant | null;
};

/** Size and version. `file`: the SQLite file. */
export async function readDatabaseState({ engine, readAside: q }: Database, file: string | null): Promise<DatabaseState> {
  const [applied] = await q
    .select({ count: sql`count(*)`.mapWith(Number), newestAt: sql`max(at)`.mapWith(Number) })
    .from(sql.raw(migrationsTable));
  const migrations = applied ?? { count: 0, newestAt: 0 };
  if (engine === "postgres") {
    const [row] = await q
      .select({ version: sql<string>`current_setting('server_version')`, bytes: sql`pg_database_size(current_database())`.mapWith(Number) })
      .from(sql`(select 1) as one`);
    return { version: row?.version ?? "", bytes: row?.bytes ?? 0, migrations, copiedAt: null };
  }
  const [row] = await q
    .select({ version: sql<string>`sqlite_version()`, bytes: sql`page_count * page_size`.mapWith(Number) })
    .from(sql`pragma_page_count(), pragma_page_size()`);
  const ofLog =
    file === null
      ? 0
      : await stat(`${file}-wal`)
          .then(({ size }) => size)
          .catch(() => 0);
  return {
    version: row?.version ?? "",
    bytes: (row?.bytes ?? 0) + ofLog,
    migrations,
    copiedAt: file === null ? null : await copiedAt(file),
  };
}

/** Copies are named by the time at which they were made. */
async function copiedAt(file: string): Promise<Instant | null> {
  const names = await readdir(path.dirname(file)).catch(() => []);
  const prefix = `${path.basename(file)}.before-`;
  const times = names.flatMap((name) => (name.startsWith(prefix) ? [Number(/-(\d{12,14})$/.exec(name)?.[1] ?? 0)] : []));
  return times.length === 0 ? null : Math.max(...times) || null;
}
