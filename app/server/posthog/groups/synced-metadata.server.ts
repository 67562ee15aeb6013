import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { metadataKeysSeen } from "~db/store/group-syncs.server";
import { readSetting } from "~db/store/settings.server";

export const metadataSetting = "posthog_metadata";

/** Metadata keys that are sent to PostHog. Empty unless an admin chose some. */
export async function readMetadataChoice(q: Queries, t: Schema): Promise<string[]> {
  const value = await readSetting(q, t, metadataSetting);
  return Array.isArray(value) ? value.filter((key) => typeof key === "string") : [];
}

/** Cached variant, for code that must not wait for the database. */
export function createMetadataChoice(db: Database) {
  let keys: readonly string[] = [];
  let version = 0;

  /** Keeps the previous object if it is equal. */
  function put(next: readonly string[]): void {
    if (JSON.stringify(next) !== JSON.stringify(keys)) keys = next;
  }

  /** Rejects when it cannot be read. */
  async function reload(): Promise<void> {
    const mine = ++version;
    const read = await readMetadataChoice(db.read, db.tables);
    // A newer value was read or written meanwhile.
    if (version === mine) put(read);
  }

  return {
    start: reload,
    /** For a change of another process. */
    reload,
    keys: (): readonly string[] => keys,
    /** Stores what this process just wrote. */
    put(next: readonly string[]): void {
      version += 1;
      put(next);
    },
  };
}
export type MetadataChoice = ReturnType<typeof createMetadataChoice>;

/** For the page: keys in use by tenants, and chosen keys whether or not a tenant has them. */
export async function metadataOptions({ read, tables }: Database) {
  const [seen, chosen] = [await metadataKeysSeen(read, tables), await readMetadataChoice(read, tables)];
  const keys = [...new Set([...seen.keys(), ...chosen])].sort();
  return { options: keys.map((key) => ({ key, tenants: seen.get(key) ?? 0 })), chosen };
}
