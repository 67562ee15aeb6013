import { rmSync } from "node:fs";
import path from "node:path";
import type { Instant } from "~/core/model";
import { readEnv } from "~/server/env.server";
import { type LoadOptions, unlimitedLoad } from "~/server/process/load.server";
import { createServices, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import type { Engine } from "~db/dialect";
import { now as theDay } from "./facts";
import { copyMigratedFile, freshPostgresUrl, migratedPostgresUrl } from "./postgres";
import { temporaryFolder } from "./temporary-folder";

export const engines: Engine[] = ["sqlite", "postgres"];

export type TestServices = Services & { clock: { now: Instant }; url: string; stop: () => Promise<void> };

/** `url`: the database of another process that it runs beside. `elapsed`: a monotonic clock. */
export type Given = { url?: string; variables?: Record<string, string>; load?: LoadOptions; elapsed?: () => number };

type TestDatabase = { url: string; remove: () => void };

/** A database without tables. */
export async function freshDatabaseUrl(engine: Engine): Promise<TestDatabase> {
  if (engine === "postgres") return { url: await freshPostgresUrl(), remove: () => {} };
  return sqliteFile().database;
}

/** A database that is at the program's version, and otherwise empty. */
export async function migratedDatabaseUrl(engine: Engine): Promise<TestDatabase> {
  if (engine === "postgres") return { url: await migratedPostgresUrl(), remove: () => {} };
  const { file, database } = sqliteFile();
  await copyMigratedFile(file);
  return database;
}

function sqliteFile(): { file: string; database: TestDatabase } {
  const folder = temporaryFolder("test");
  const file = path.join(folder, "latchkey.db");
  // The worker process of a killed program may take a moment longer.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  return { file, database: { url: `file:${file}`, remove } };
}

/** Services on a new database, or with `url` on that of another process. */
export async function startServices(engine: Engine = "sqlite", given: Given = {}): Promise<TestServices> {
  const { url, remove } = given.url ? { url: given.url, remove: () => {} } : await migratedDatabaseUrl(engine);
  const clock = { now: theDay };
  const env = readEnv({ DATABASE_URL: url, LOG_LEVEL: "silent", NODE_ENV: "test", ...given.variables });
  // A test answers its own requests on the event loop that sends them, so its delay says nothing of the server.
  const services = await createServices(env, { now: () => clock.now, load: given.load ?? unlimitedLoad, elapsed: given.elapsed });
  const stop = async () => {
    await stopServices(services);
    remove();
  };
  return Object.assign(services, { clock, url, stop });
}
