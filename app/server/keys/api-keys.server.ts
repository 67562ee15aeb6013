import type { Actor, Instant } from "~/core/model";
import type { ApiScope } from "~/core/permissions";
import { keyIdOfRequest } from "~/core/requests/key-request";
import { withdrawalLock } from "~/server/authority.server";
import { callerAddress } from "~/server/client-address.server";
import { sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import type { Lock, Queries } from "~db/database";
import type { KeyKind } from "~db/schema";
import { type ApiKey, insertApiKey, listApiKeys, setApiKeyRevoked } from "~db/store/api-keys.server";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { hintOf, newApiKey } from "./api-key-format.server";
import type { CachedKey } from "./key-cache.server";

/** `tenant`, `origins` and `replaces` default to null, `kind` to `live`. `request`: the approved one that allows the key. */
export type KeyForm = { name: string; scopes: ApiScope[]; expiresAt: Instant | null } & Partial<
  Pick<ApiKey, "tenant" | "origins" | "replaces"> & { kind: KeyKind; request: string }
>;

/** Why a key is not created, in the transaction that writes it. */
export type KeyGate<No> = (tx: Queries, at: Instant) => Promise<No | null>;

export const actorOfKey = ({ id, name }: Pick<CachedKey, "id" | "name">, ip?: string): Actor => ({
  kind: "api_key",
  id,
  name,
  address: callerAddress(ip),
});

/** Newest first, including revoked keys. */
export async function listKeys({ db }: Services): Promise<ApiKey[]> {
  return (await listApiKeys(db.readAside, db.tables)).map(({ hash: _, ...key }) => key);
}

export type KeyState = "active" | "expired" | "revoked";

export function keyStateOf({ revokedAt, expiresAt }: Pick<ApiKey, "revokedAt" | "expiresAt">, now: Instant): KeyState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && now >= expiresAt ? "expired" : "active";
}

/** Makes a key and the row stored for it. */
export function makeKey({ newId, now }: Pick<Services, "newId" | "now">, actor: Actor, form: KeyForm) {
  const { name, scopes, expiresAt, kind = "live", tenant = null, origins = null, replaces = null, request } = form;
  const key = newApiKey(kind);
  const given = { name, scopes, kind, tenant, origins, replaces, expiresAt, hint: hintOf(key) };
  const row = {
    ...given,
    id: request === undefined ? newId("key") : keyIdOfRequest(request),
    hash: sha256(key),
    createdAt: now(),
    createdBy: actor.name,
    revokedAt: null,
    lastUsedAt: null,
  };
  const bound = { ...(kind === "live" ? {} : { kind }), ...(tenant === null ? {} : { tenant }), ...(origins === null ? {} : { origins }) };
  const from = { ...(replaces === null ? {} : { replaces }), ...(request === undefined ? {} : { request }) };
  return { key, row, after: { name, scopes, hint: given.hint, expiresAt, ...bound, ...from } };
}

/** Returns the key, which is shown once and not stored, or why the gate refused it. */
export async function createKey<No extends object = never>(
  services: Services,
  actor: Actor,
  form: KeyForm,
  { gate, locks = [] }: { gate?: KeyGate<No>; locks?: Lock[] } = {},
): Promise<{ id: string; key: string } | No> {
  const { db, keys } = services;
  const { key, row, after } = makeKey(services, actor, form);
  const { id, createdAt: at } = row;
  const no = await db.transaction(locks, async (tx): Promise<No | null> => {
    const refusal = (await gate?.(tx, at)) ?? null;
    if (refusal) return refusal;
    await insertApiKey(tx, db.tables, row);
    await appendChange(tx, db.tables, "key", id, at);
    await writeAudit(tx, db.tables, { at, actor, action: "api_key.created", subjectKind: "api_key", subject: id, after });
    return null;
  });
  if (no) return no;
  keys.forget();
  await keys.refresh();
  return { id, key };
}

/** This process refuses the key from the next request on, others once they read the feed. Idempotent. */
export async function revokeKey(services: Services, actor: Actor, id: string): Promise<"revoked" | "unknown"> {
  const { db, now, keys } = services;
  const at = now();
  const found = await db.transaction([withdrawalLock("key", id)], async (tx) => {
    const key = (await listApiKeys(tx, db.tables)).find((k) => k.id === id);
    if (!key || key.revokedAt !== null) return key !== undefined;
    await setApiKeyRevoked(tx, db.tables, id, at);
    await appendChange(tx, db.tables, "key", id, at);
    const before = { name: key.name, revokedAt: null };
    const after = { name: key.name, revokedAt: at };
    await writeAudit(tx, db.tables, { at, actor, action: "api_key.revoked", subjectKind: "api_key", subject: id, before, after });
    return true;
  });
  keys.forget(id);
  await keys.refresh();
  return found ? "revoked" : "unknown";
}
