import { LRUCache } from "lru-cache";
import type { Actor, Instant } from "~/core/model";
import { writeAudit } from "~db/store/audit.server";
import { refusalOf, unguarded, withdrawals } from "./authority.server";
import type { Services } from "./services.server";
import type { TokenClaims } from "./token-claims";

/** One audit row per key, tenant and period: a server mints a token for each page that it sends. */
const auditPeriodMs = 3_600_000;
const maxRemembered = 20_000;

/** "key\ntenant" → when its audit row was written. By the database, so that each installation in a process has its own. */
const auditedAt = new WeakMap<object, LRUCache<string, Instant>>();

/**
 * A token for a browser. `services` are those of the key's own right: it is read again in the database first, so a key that was
 * revoked while its request was on the way mints nothing. `notBefore`: the key's creation, by the clock of whichever node made it.
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
