import type { Actor, Instant } from "~/core/model";
import { day } from "~/core/time";
import { withdrawalLock } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Lock } from "~db/database";
import { type ApiKey, insertApiKey, listApiKeys, setApiKeyExpiry } from "~db/store/api-keys.server";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { type KeyGate, keyStateOf, makeKey } from "./api-keys.server";

/** Default time the old key remains valid, in ms. */
export const usualOverlap = day;

export type Rotated =
  | { ok: true; id: string; key: string; expiresAt: Instant | null; oldEndsAt: Instant }
  | { ok: false; why: "unknown" | "over" | "replaced" };

/** Makes a key with the same rights and lifetime. The old one expires after the overlap, or earlier if it would anyway. */
export async function rotateKey<No extends object = never>(
  services: Services,
  actor: Actor,
  id: string,
  overlap = usualOverlap,
  { gate, locks = [], request }: { gate?: (old: ApiKey) => KeyGate<No>; locks?: Lock[]; request?: string } = {},
): Promise<Rotated | No> {
  const { db, now, keys } = services;
  const at = now();
  const rotated = await db.transaction([withdrawalLock("key", id), ...locks], async (tx): Promise<Rotated | No> => {
    const all = await listApiKeys(tx, db.tables);
    const old = all.find((k) => k.id === id);
    if (!old) return { ok: false, why: "unknown" };
    if (keyStateOf(old, at) !== "active") return { ok: false, why: "over" };
    if (successorOf(old, all)) return { ok: false, why: "replaced" };
    const refusal = await gate?.(old)(tx, at);
    if (refusal) return refusal;
    const oldEndsAt = Math.min(old.expiresAt ?? Number.POSITIVE_INFINITY, at + overlap);
    const { createdAt, expiresAt: end } = lastInLine(old, all);
    const expiresAt = end === null ? null : at + (end - createdAt);
    const { name, scopes, kind, tenant, origins } = old;
    const made = makeKey(services, actor, { name, scopes, kind, tenant, origins, expiresAt, replaces: id, request });
    await insertApiKey(tx, db.tables, made.row);
    await setApiKeyExpiry(tx, db.tables, id, oldEndsAt);
    for (const subject of [id, made.row.id]) await appendChange(tx, db.tables, "key", subject, at);
    const about = { at, actor: { ...actor, changeSet: services.newId("cs") }, subjectKind: "api_key" } as const;
    await writeAudit(tx, db.tables, { ...about, action: "api_key.created", subject: made.row.id, after: made.after });
    const before = { name, expiresAt: old.expiresAt };
    await writeAudit(tx, db.tables, { ...about, action: "api_key.rotated", subject: id, before, after: { name, expiresAt: oldEndsAt } });
    return { ok: true, id: made.row.id, key: made.key, expiresAt, oldEndsAt };
  });
  keys.forget();
  await keys.refresh();
  return rotated;
}

/** The key that replaced this one, unless revoked. */
export const successorOf = <K extends Pick<ApiKey, "replaces" | "revokedAt">>({ id }: Pick<ApiKey, "id">, all: K[]): K | undefined =>
  all.find((k) => k.replaces === id && k.revokedAt === null);

/**
 * The last key of a chain of rotations, including revoked ones. Only its expiry shows the intended lifetime, because
 * all before it end with their overlap.
 */
function lastInLine(key: ApiKey, all: ApiKey[]): ApiKey {
  const [next] = all.filter((k) => k.replaces === key.id).sort((a, b) => b.createdAt - a.createdAt);
  return next ? lastInLine(next, all) : key;
}

export const rotationRefusals = {
  unknown: "There is no such API key. Look in the list.",
  over: "This key has ended, so nothing can take over from it. Create another one.",
  replaced: "Another key has taken over from this one already. Rotate that one.",
} as const;
