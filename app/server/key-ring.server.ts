import { hash } from "node:crypto";
import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import type { ApiScope } from "~db/schema";
import { listApiKeys, setApiKeyLastUsed } from "~db/store/api-keys.server";
import { isWellFormed } from "./api-key-format.server";

export type { ApiScope };
export type HeldKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** As last written: a key's use is written at most once in `writeEvery`. */
  lastUsedAt: Instant | null;
};
export type Verdict = HeldKey | "malformed" | "unknown" | "revoked" | "expired";

const writeEvery = 60_000; // ms
const collectFor = 1_000; // ms that uses add up before they are written, off the request's path
const retryAfter = 1_000; // ms

export type KeyRing = ReturnType<typeof createKeyRing>;

/**
 * Every API key's hash in memory, since an installation has tens of them: telling a known key, and refusing an
 * unknown one, costs a hash and no query. Read again whenever a key changed here or in another process.
 */
export function createKeyRing(db: Database, log: Logger) {
  let held = new Map<string, HeldKey>();
  let outdated = true;
  let reading: Promise<void> | undefined;
  let used = new Map<string, Instant>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    while (outdated) {
      outdated = false;
      const keys = await listApiKeys(db.read, db.tables);
      held = new Map(keys.map((key) => [key.hash, { ...key, lastUsedAt: used.get(key.id) ?? key.lastUsedAt }]));
    }
  }

  /** On failure the keys known so far stay in service. */
  async function readAgain(): Promise<void> {
    try {
      await read();
    } catch (err) {
      log.error({ err }, "API keys cannot be read; going by those in memory");
      setTimeout(() => forget(), retryAfter).unref();
    } finally {
      reading = undefined;
    }
  }

  /** Undefined: what is in memory is what counts. */
  function refresh(): Promise<void> | undefined {
    if (outdated) reading ??= readAgain();
    return reading;
  }

  /** Call when a key changed; the next `refresh` reads. The one named is refused from now on in any case. */
  function forget(id?: string): void {
    outdated = true;
    for (const [hashed, key] of held) if (key.id === id) held.delete(hashed);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (used.size === 0) return writing;
    const batch = used;
    used = new Map();
    const write = () =>
      db.transaction([], async (tx) => {
        for (const [id, at] of batch) await setApiKeyLastUsed(tx, db.tables, id, at);
      });
    writing = writing.then(write).catch((err) => log.warn({ err }, "the use of API keys was not written"));
    return writing;
  }

  function noteUse(key: HeldKey, now: Instant): void {
    key.lastUsedAt = now;
    used.set(key.id, now);
    timer ??= setTimeout(flush, collectFor).unref();
  }

  return {
    start: read,
    refresh,
    forget,
    verify(presented: string, now: Instant): Verdict {
      const key = held.get(hash("sha256", presented, "hex"));
      if (key === undefined) return isWellFormed(presented) ? "unknown" : "malformed";
      if (key.revokedAt !== null) return "revoked";
      if (key.expiresAt !== null && now >= key.expiresAt) return "expired";
      if (key.lastUsedAt === null || now - key.lastUsedAt >= writeEvery) noteUse(key, now);
      return key;
    },
    flush,
  };
}
