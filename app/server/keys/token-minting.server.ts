import { LRUCache } from "lru-cache";
import type { Actor, Instant } from "~/core/model";
import { hour } from "~/core/time";
import { refusalOf, unguarded, withdrawals } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import type { TokenClaims } from "./token-claims";

/** One audit row per key, tenant and hour, because servers mint a token per page view. */
const auditPeriodMs = hour;
const maxRemembered = 20_000;

/**
 * Maps "key\ntenant" to the time of its audit row. Keyed by database, so that installations in one process are
 * separate.
 */
const auditedAt = new WeakMap<object, LRUCache<string, Instant>>();

/**
 * Mints a browser token. `services` carry the key's right, which is read again from the database, so a revoked key
 * mints nothing. `notBefore`: the key's creation time, by the clock of the node that made it.
 */
export async function mintToken(
  services: Services,
  actor: Actor,
  claims: Pick<TokenClaims, "key" | "tenant" | "expiresAt"> & { notBefore: Instant },
): Promise<string> {
  const { db, authority, tokens, now } = services;
  const base = unguarded(db);
  const audited = auditedAt.get(base) ?? new LRUCache<string, Instant>({ max: maxRemembered });
  auditedAt.set(base, audited);
  const name = `${claims.key}\n${claims.tenant}`;
  const at = now();
  const last = audited.get(name);
  if (last === undefined || at - last >= auditPeriodMs) {
    const { tenant, expiresAt } = claims;
    const about = { actor, subjectKind: "tenant", subject: tenant } as const;
    await db.transaction([], (tx) => writeAudit(tx, db.tables, { at, action: "token.minted", ...about, after: { expiresAt } }));
    audited.set(name, at);
  } else {
    const [why] = await withdrawals(services, db.read, [authority]);
    if (authority && why) throw refusalOf(authority, why);
  }
  const { notBefore, ...rest } = claims;
  return tokens.mint("tok", { ...rest, issuedAt: Math.max(at, notBefore) });
}
