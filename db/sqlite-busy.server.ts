import { setTimeout as wait } from "node:timers/promises";
import Sqlite from "better-sqlite3";

/** Another process holds the file; retrying helps. */
export function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

/** Retries while another process holds the file, for up to `timeoutMs`. */
export async function retryWhileBusy<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await wait(pause + Math.random() * pause);
    }
  }
}
