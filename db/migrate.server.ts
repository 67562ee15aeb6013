import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type MigrationMeta, readMigrationFiles } from "drizzle-orm/migrator";
import { DatabaseProblem } from "./database";
import type { Engine } from "./dialect";

/** Generated SQL, next to the sources or the build. */
function migrationsFolder(engine: Engine): string {
  for (let dir = path.dirname(fileURLToPath(import.meta.url)); ; dir = path.dirname(dir)) {
    const folder = path.join(dir, "drizzle", engine);
    if (existsSync(path.join(folder, "meta", "_journal.json"))) return folder;
    if (dir === path.dirname(dir)) throw new DatabaseProblem("The folder drizzle/ is missing. Install Latchkey again.");
  }
}

/**
 * Returns migrations to run, given the journal times of applied ones, oldest first. Throws if an applied one is
 * unknown, because the database is then newer than the program.
 */
export function pendingMigrations(engine: Engine, applied: number[]): MigrationMeta[] {
  const all = readMigrationFiles({ migrationsFolder: migrationsFolder(engine) });
  const known = new Set(all.map((m) => m.folderMillis));
  if (applied.some((at) => !known.has(at))) {
    throw new DatabaseProblem("The database is newer than this program. Start the version of Latchkey that last used it, or a later one.");
  }
  const done = new Set(applied);
  return all.filter((m) => !done.has(m.folderMillis));
}

export const migrationsTable = "latchkey_migrations";
