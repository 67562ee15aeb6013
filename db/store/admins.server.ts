import { and, asc, count, eq, isNotNull, isNull } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Role } from "~/core/permissions";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** An admin without hashes, for pages. */
export type Admin = {
  id: string;
  email: string;
  name: string;
  role: Role;
  createdAt: Instant;
  createdBy: string;
  disabledAt: Instant | null;
  lastSignInAt: Instant | null;
  /** False while invited. */
  hasPassword: boolean;
  /** Null if no link is open. */
  inviteExpiresAt: Instant | null;
};

type Row = Schema["admins"]["$inferSelect"];
export type AdminPatch = Partial<Omit<Row, "id" | "createdAt" | "createdBy">>;

export function toAdmin(row: Row): Admin {
  const { id, email, name, role, createdAt, createdBy, disabledAt, lastSignInAt, passwordHash, inviteExpiresAt } = row;
  return {
    id,
    email,
    name,
    role,
    createdAt: createdAt.getTime(),
    createdBy,
    disabledAt: disabledAt?.getTime() ?? null,
    lastSignInAt: lastSignInAt?.getTime() ?? null,
    hasPassword: passwordHash !== null,
    inviteExpiresAt: inviteExpiresAt?.getTime() ?? null,
  };
}

export async function listAdmins(q: Queries, t: Schema): Promise<Admin[]> {
  return (await q.select().from(t.admins).orderBy(asc(t.admins.email))).map(toAdmin);
}

export async function findAdmin(q: Queries, t: Schema, id: string): Promise<Admin | null> {
  const [row] = await q.select().from(t.admins).where(eq(t.admins.id, id));
  return row ? toAdmin(row) : null;
}

/** With the password hash. `email` is in lower case. */
export async function findCredentials(q: Queries, t: Schema, by: { email: string } | { id: string }) {
  const condition = "email" in by ? eq(t.admins.email, by.email) : eq(t.admins.id, by.id);
  const [row] = await q.select().from(t.admins).where(condition);
  return row ? { admin: toAdmin(row), passwordHash: row.passwordHash } : null;
}

export async function findByInvite(q: Queries, t: Schema, inviteHash: string): Promise<Admin | null> {
  const [row] = await q.select().from(t.admins).where(eq(t.admins.inviteHash, inviteHash));
  return row ? toAdmin(row) : null;
}

export async function hasOwner(q: Queries, t: Schema): Promise<boolean> {
  return (await countOwners(q, t)) > 0;
}

/** Owners who can sign in: with a password, not disabled. */
export async function countOwners(q: Queries, t: Schema): Promise<number> {
  const [row] = await q
    .select({ n: count() })
    .from(t.admins)
    .where(and(eq(t.admins.role, "owner"), isNull(t.admins.disabledAt), isNotNull(t.admins.passwordHash)));
  return Number(row?.n ?? 0);
}

/** Throws a unique violation if the e-mail address is taken. */
export async function insertAdmin(tx: Queries, t: Schema, row: Schema["admins"]["$inferInsert"]): Promise<void> {
  await tx.insert(t.admins).values(row);
}

export async function updateAdmin(tx: Queries, t: Schema, id: string, patch: AdminPatch): Promise<void> {
  await tx.update(t.admins).set(patch).where(eq(t.admins.id, id));
}
