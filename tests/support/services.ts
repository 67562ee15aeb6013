import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Instant } from "~/core/model";
import { readEnv } from "~/server/env.server";
import type { LoadOptions } from "~/server/load.server";
import type { Services } from "~/server/services.server";
import { createServices, stopServices } from "~/server/start.server";
import type { Engine } from "~db/dialect";
import { now as theDay } from "./facts";
import { freshPostgresUrl } from "./postgres";

export const engines: Engine[] = ["sqlite", "postgres"];

/** A test answers its own requests on the event loop that sends them, so its delay says nothing of the server. */
export const sharedLoop: LoadOptions = { delayMs: () => 0 };

export type TestServices = Services & { clock: { now: Instant }; url: string; stop: () => Promise<void> };

/** `url`: the database of another process that it runs beside. `elapsed`: a monotonic clock. */
export type Given = { url?: string; variables?: Record<string, string>; load?: LoadOptions; elapsed?: () => number };

export async function freshDatabaseUrl(engine: Engine): Promise<{ url: string; remove: () => void }> {
  if (engine === "postgres") return { url: await freshPostgresUrl(), remove: () => {} };
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-test-"));
  return { url: `file:${path.join(folder, "latchkey.db")}`, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A process's services on a database of its own, or, given `url`, beside another process on the same one. */
export async function startServices(engine: Engine = "sqlite", given: Given = {}): Promise<TestServices> {
  const { url, remove } = given.url ? { url: given.url, remove: () => {} } : await freshDatabaseUrl(engine);
  const clock = { now: theDay };
  const env = readEnv({ DATABASE_URL: url, LOG_LEVEL: "silent", NODE_ENV: "test", ...given.variables });
  const services = await createServices(env, { now: () => clock.now, load: given.load ?? sharedLoop, elapsed: given.elapsed });
  const stop = async () => {
    await stopServices(services);
    remove();
  };
  return Object.assign(services, { clock, url, stop });
}
