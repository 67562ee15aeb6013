import type { Logger } from "pino";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { metadataKeysSeen } from "~db/store/group-syncs.server";
import { readSetting } from "~db/store/settings.server";

export const metadataSetting = "posthog_metadata";

/** How old what is in memory may be while it is still handed out, in milliseconds; another process may have changed it. */
const freshFor = 2_000;

/** Keys of tenants' metadata that may leave the house. None unless an admin said so. */
export async function readMetadataChoice(q: Queries, t: Schema): Promise<string[]> {
  const value = await readSetting(q, t, metadataSetting);
  return Array.isArray(value) ? value.filter((key) => typeof key === "string") : [];
}

/** The same from memory, for what must not wait for the database. */
export function createMetadataChoice(db: Database, log: Logger) {
  let keys: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;

  /** Keeps the old object while it says the same. */
  function put(next: readonly string[]): void {
    if (JSON.stringify(next) !== JSON.stringify(keys)) keys = next;
  }

  async function refresh(): Promise<void> {
    const started = performance.now();
    readAt = started;
    try {
      const read = await readMetadataChoice(db.read, db.tables);
      if (readAt === started) put(read);
    } catch (err) {
      log.debug({ err }, "the choice of metadata cannot be read");
    }
  }

  return {
    start: refresh,
    keys(): readonly string[] {
      if (performance.now() - readAt > freshFor) void refresh();
      return keys;
    },
    /** What this process just wrote. */
    put(next: readonly string[]): void {
      readAt = performance.now();
      put(next);
    },
  };
}
export type MetadataChoice = ReturnType<typeof createMetadataChoice>;

/** For the page: the keys that tenants have, and those that were chosen, whether or not a tenant has them. */
export async function metadataOptions({ read, tables }: Database) {
  const [seen, chosen] = [await metadataKeysSeen(read, tables), await readMetadataChoice(read, tables)];
  const keys = [...new Set([...seen.keys(), ...chosen])].sort();
  return { options: keys.map((key) => ({ key, tenants: seen.get(key) ?? 0 })), chosen };
}
