import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { ApiScope } from "~/core/permissions";
import { sha256 } from "~/server/random.server";
import type { Database } from "~db/database";
import type { KeyKind } from "~db/schema";
import { listApiKeys, setApiKeyLastUsed } from "~db/store/api-keys.server";
import { isWellFormed } from "./api-key-format.server";
import { clockToleranceMs, mayHaveMinted, type TokenClaims, type TokenKind } from "./token-claims";
import type { Tokens } from "./tokens.server";

export type CachedKey = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** `tok` is a token minted by this key. */
  readonly kind: KeyKind | TokenKind;
  /** The only tenant the key may ask about, or null for any. */
  readonly tenant: string | null;
  /** Origins that may use the key, or the tokens it mints. */
  readonly origins: readonly string[] | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** As last written: usage of a key is written at most once per `writeEvery`. */
  lastUsedAt: Instant | null;
};
export type KeyStatus = CachedKey | "malformed" | "unknown" | "revoked" | "expired";

const writeEvery = 60_000; // ms
const collectFor = 1_000; // Uses are collected this long, in ms, before they are written in the background.
const retryAfter = 1_000; // ms
const maxCachedKeys = 1_000;

export type KeyRing = ReturnType<typeof createKeyRing>;

/**
 * Every API key's hash in memory, since an installation has tens of them: telling a known key, and refusing an
 * unknown one, costs a hash and no query. Read again when a key changed here or in another process.
 */
export function createKeyRing(db: Database, log: Logger, tokens?: Tokens) {
  let held = new Map<string, CachedKey>();
  let byId = new Map<string, CachedKey>();
  let origins = new Set<string>();
  /** Presented keys, because hashing costs as much as the rest of a check. Cleared when a key changes. */
  const found = new Map<string, CachedKey>();
  /**
   * Keys derived from tokens, cached while the minting key is unchanged. `key` is null if the minting key may not have
   * minted the token.
   */
  const ofTokens = new WeakMap<TokenClaims, { minter: CachedKey; key: CachedKey | null }>();
  let outdated = true;
  let reading: Promise<void> | undefined;
  /** The last reading failed. */
  let isFailing = false;
  let retry: NodeJS.Timeout | undefined;
  let used = new Map<string, Instant>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    while (outdated) {
      outdated = false;
      const [keys] = await Promise.all([listApiKeys(db.read, db.tables), tokens?.reload()]);
      found.clear();
      held = new Map(keys.map((key) => [key.hash, { ...key, lastUsedAt: used.get(key.id) ?? key.lastUsedAt }]));
      byId = new Map([...held.values()].map((key) => [key.id, key]));
      origins = new Set(keys.flatMap((key) => (key.revokedAt === null && key.origins) || []));
    }
  }

  /** Serialized, so that an older list never replaces a newer one. */
  function readOnce(): Promise<void> {
    reading ??= read()
      .then(() => {
        isFailing = false;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  /** For a change of another process. On failure it rejects, and the keys in memory stay in service. */
  function reload(): Promise<void> {
    forget();
    return readOnce();
  }

  /** Undefined if the cache is current. On failure cached keys stay in use, and no request waits for retries. */
  function refresh(): Promise<void> | undefined {
    if (!outdated && (isFailing || !reading)) return undefined;
    return readOnce().catch((err) => {
      isFailing = true;
      if (retry) return;
      log.error({ err }, "API keys cannot be read; going by those in memory");
      retry = setTimeout(() => {
        retry = undefined;
        outdated = true;
        void refresh();
      }, retryAfter).unref();
    });
  }

  /** Call when a key changed; the next `refresh` reloads. The named key is refused immediately. */
  function forget(id?: string): void {
    outdated = true;
    found.clear();
    for (const [hashed, key] of held) if (key.id === id) held.delete(hashed);
    if (id !== undefined) byId.delete(id);
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

  function noteUse(key: CachedKey, now: Instant): void {
    key.lastUsedAt = now;
    used.set(key.id, now);
    timer ??= setTimeout(flush, collectFor).unref();
  }

  function stateOf(key: CachedKey, now: Instant): KeyStatus {
    if (key.revokedAt !== null) return "revoked";
    if (key.expiresAt !== null && now >= key.expiresAt) return "expired";
    if (key.lastUsedAt === null || now - key.lastUsedAt >= writeEvery) noteUse(key, now);
    return key;
  }

  function find(presented: string): CachedKey | undefined {
    const key = held.get(sha256(presented));
    if (key && found.size >= maxCachedKeys) found.clear();
    if (key) found.set(presented, key);
    return key;
  }

  /** A token is valid while the key that minted it may mint it. */
  function verifyToken(kind: TokenKind, token: string, now: Instant): KeyStatus {
    const claims = tokens?.read(kind, token);
    const minter = claims && byId.get(claims.key);
    if (!claims || !minter || claims.issuedAt > now + clockToleranceMs) return "unknown";
    let made = ofTokens.get(claims);
    if (made?.minter !== minter) {
      const key: CachedKey = { ...minter, kind, scopes: ["check"], tenant: claims.tenant, expiresAt: claims.expiresAt };
      made = { minter, key: mayHaveMinted(kind, minter, claims) ? key : null };
      ofTokens.set(claims, made);
    }
    if (made.key === null) return "unknown";
    if (now >= claims.expiresAt) return "expired";
    const verdict = stateOf(minter, now);
    return typeof verdict === "string" ? verdict : made.key;
  }

  return {
    start: readOnce,
    refresh,
    reload,
    forget,
    verify(presented: string, now: Instant): KeyStatus {
      // Before the lookup of keys, which would hash the token first.
      if (presented.startsWith("lk_tok_")) return verifyToken("tok", presented, now);
      const key = found.get(presented) ?? find(presented);
      if (key !== undefined) return stateOf(key, now);
      return isWellFormed(presented) ? "unknown" : "malformed";
    },
    /** For the URL of an event stream, where headers cannot be sent. */
    verifyTicket: (ticket: string, now: Instant): KeyStatus => verifyToken("sse", ticket, now),
    /** The key itself, or the key that minted this token, valid or not; null if unknown. Costs a hash. */
    identify(presented: string): { id: string; name: string } | null {
      const minter = tokens?.read("tok", presented)?.key;
      const key = minter === undefined ? held.get(sha256(presented)) : byId.get(minter);
      return key ? { id: key.id, name: key.name } : null;
    },
    /** True if any key allows this origin. A preflight does not say which key is used. */
    knowsOrigin: (origin: string) => origins.has(origin),
    flush,
  };
}
