import type { ApiScope } from "~/core/permissions";
import { createKey } from "~/server/keys/api-keys.server";
import type { Engine } from "~db/dialect";
import { ada } from "./facts";
import { startProgram } from "./program";
import { migratedDatabaseUrl, startServices } from "./services";

/**
 * The built program on a migrated database, with a key that was created before it started: in this process, because a command
 * takes a second.
 */
export async function startProgramWithKey(engine: Engine, scopes: ApiScope[], env: Record<string, string> = {}) {
  const { url, remove } = await migratedDatabaseUrl(engine);
  const services = await startServices(engine, { url });
  const { key } = await createKey(services, ada, { name: "test", scopes, expiresAt: null });
  await services.stop();
  const program = await startProgram({ DATABASE_URL: url, ...env });
  return {
    program,
    key,
    /** Its exit code. Removes the database. */
    async stop(): Promise<number | string> {
      const code = await program.stop();
      remove();
      return code;
    },
    async kill(): Promise<void> {
      await program.kill();
      remove();
    },
  };
}
