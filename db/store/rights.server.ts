import { eq, inArray } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { ApiScope, Role } from "~/core/permissions";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** The current rights of an API key. */
export type KeyRights = { id: string; scopes: ApiScope[]; tenant: string | null; expiresAt: Instant | null; revokedAt: Instant | null };

/** The current rights of a session's admin. `session` is the session's hash. */
export type SessionRights = { session: string; admin: string; role: Role; isDisabled: boolean; lastSeenAt: Instant; expiresAt: Instant };

/** By id. Missing keys are omitted. */
export async function readKeyRights(tx: Queries, t: Schema, ids: readonly string[]): Promise<Map<string, KeyRights>> {
  const found = new Map<string, KeyRights>();
  const { id, scopes, tenant, expiresAt, revokedAt } = t.apiKeys;
  await inBatches([...new Set(ids)], async (batch) => {
    const rows = await tx.select({ id, scopes, tenant, expiresAt, revokedAt }).from(t.apiKeys).where(inArray(id, batch));
    for (const row of rows) {
      found.set(row.id, { ...row, expiresAt: row.expiresAt?.getTime() ?? null, revokedAt: row.revokedAt?.getTime() ?? null });
    }
  });
  return found;
}

/** By the session's hash. Ended sessions are omitted. */
export async function readSessionRights(tx: Queries, t: Schema, hashes: readonly string[]): Promise<Map<string, SessionRights>> {
  const found = new Map<string, SessionRights>();
  const { hash, admin, lastSeenAt, expiresAt } = t.sessions;
  const { role, disabledAt } = t.admins;
  await inBatches([...new Set(hashes)], async (batch) => {
    const rows = await tx
      .select({ session: hash, admin, lastSeenAt, expiresAt, role, disabledAt })
      .from(t.sessions)
      .innerJoin(t.admins, eq(t.admins.id, admin))
      .where(inArray(hash, batch));
    for (const { disabledAt, lastSeenAt, expiresAt, ...row } of rows) {
      const isDisabled = disabledAt !== null;
      found.set(row.session, { ...row, isDisabled, lastSeenAt: lastSeenAt.getTime(), expiresAt: expiresAt.getTime() });
    }
  });
  return found;
}

/** Null if there is no such admin. */
export async function readAdminRights(tx: Queries, { admins }: Schema, id: string): Promise<{ role: Role; isDisabled: boolean } | null> {
  const [row] = await tx.select({ role: admins.role, disabledAt: admins.disabledAt }).from(admins).where(eq(admins.id, id));
  return row ? { role: row.role, isDisabled: row.disabledAt !== null } : null;
}
