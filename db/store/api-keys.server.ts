import { and, desc, eq, inArray } from "drizzle-orm";
import type { Actor, Instant } from "~/core/model";
import type { ApiScope } from "~/core/permissions";
import type { Queries } from "../database";
import type { KeyKind, Schema } from "../schema";

export type ApiKey = {
  id: string;
  name: string;
  hint: string;
  scopes: ApiScope[];
  kind: KeyKind;
  /** The only tenant the key may ask about, or null for any. */
  tenant: string | null;
  /** Origins that may use the key, or the tokens it mints. */
  origins: string[] | null;
  /** The key this one replaces. */
  replaces: string | null;
  createdAt: Instant;
  createdBy: string;
  expiresAt: Instant | null;
  revokedAt: Instant | null;
  lastUsedAt: Instant | null;
};
export type HashedApiKey = ApiKey & { hash: string };

const instant = (date: Date | null): Instant | null => date?.getTime() ?? null;

/** Newest first, including revoked keys. */
export async function listApiKeys(q: Queries, t: Schema): Promise<HashedApiKey[]> {
  const rows = await q.select().from(t.apiKeys).orderBy(desc(t.apiKeys.createdAt), desc(t.apiKeys.id));
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    expiresAt: instant(row.expiresAt),
    revokedAt: instant(row.revokedAt),
    lastUsedAt: instant(row.lastUsedAt),
  }));
}

/** Names by id, of these keys; up to a few hundred. */
export async function readKeyNames(q: Queries, t: Schema, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { id, name } = t.apiKeys;
  const rows = await q
    .select({ id, name })
    .from(t.apiKeys)
    .where(inArray(id, [...new Set(ids)]));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** The admins who made these keys, by key id, from the audit log. Keys of the command line are omitted. Up to a few hundred. */
export async function readKeyMakers(
  q: Queries,
  { audit }: Schema,
  ids: readonly string[],
): Promise<Map<string, Pick<Actor, "kind" | "id">>> {
  if (ids.length === 0) return new Map();
  const rows = await q
    .select({ key: audit.subject, kind: audit.actorKind, id: audit.actorId })
    .from(audit)
    .where(and(eq(audit.subjectKind, "api_key"), inArray(audit.subject, [...new Set(ids)]), eq(audit.action, "api_key.created")));
  return new Map(rows.flatMap(({ key, kind, id }) => (kind === "admin" ? [[key, { kind, id }]] : [])));
}

export async function insertApiKey(tx: Queries, t: Schema, key: HashedApiKey): Promise<void> {
  await tx.insert(t.apiKeys).values({
    ...key,
    createdAt: new Date(key.createdAt),
    expiresAt: key.expiresAt === null ? null : new Date(key.expiresAt),
    revokedAt: key.revokedAt === null ? null : new Date(key.revokedAt),
    lastUsedAt: key.lastUsedAt === null ? null : new Date(key.lastUsedAt),
  });
}

export async function setApiKeyRevoked(tx: Queries, t: Schema, id: string, at: Instant): Promise<void> {
  await tx
    .update(t.apiKeys)
    .set({ revokedAt: new Date(at) })
    .where(eq(t.apiKeys.id, id));
}

export async function setApiKeyExpiry(tx: Queries, t: Schema, id: string, at: Instant): Promise<void> {
  await tx
    .update(t.apiKeys)
    .set({ expiresAt: new Date(at) })
    .where(eq(t.apiKeys.id, id));
}

export async function setApiKeyLastUsed(tx: Queries, t: Schema, id: string, at: Instant): Promise<void> {
  await tx
    .update(t.apiKeys)
    .set({ lastUsedAt: new Date(at) })
    .where(eq(t.apiKeys.id, id));
}
