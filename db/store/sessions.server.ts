import { and, desc, eq, lte, ne } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { type Admin, toAdmin } from "./admins.server";

export type Session = { hash: string; admin: string; createdAt: Instant; lastSeenAt: Instant; expiresAt: Instant };

type Row = Schema["sessions"]["$inferSelect"];

const toSession = (row: Row): Session => ({
  ...row,
  createdAt: row.createdAt.getTime(),
  lastSeenAt: row.lastSeenAt.getTime(),
  expiresAt: row.expiresAt.getTime(),
});

export async function findSession(q: Queries, t: Schema, hash: string): Promise<{ session: Session; admin: Admin } | null> {
  const [row] = await q
    .select({ session: t.sessions, admin: t.admins })
    .from(t.sessions)
    .innerJoin(t.admins, eq(t.admins.id, t.sessions.admin))
    .where(eq(t.sessions.hash, hash));
  return row ? { session: toSession(row.session), admin: toAdmin(row.admin) } : null;
}

/** Most recently used first. */
export async function listSessions(q: Queries, t: Schema, admin: string): Promise<Session[]> {
  const rows = await q.select().from(t.sessions).where(eq(t.sessions.admin, admin)).orderBy(desc(t.sessions.lastSeenAt));
  return rows.map(toSession);
}

export async function insertSession(tx: Queries, t: Schema, session: Session): Promise<void> {
  const { createdAt, lastSeenAt, expiresAt } = session;
  await tx.insert(t.sessions).values({
    ...session,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(lastSeenAt),
    expiresAt: new Date(expiresAt),
  });
}

export async function setSessionSeen(tx: Queries, t: Schema, hash: string, at: Instant): Promise<void> {
  await tx
    .update(t.sessions)
    .set({ lastSeenAt: new Date(at) })
    .where(eq(t.sessions.hash, hash));
}

export async function deleteSession(tx: Queries, t: Schema, hash: string): Promise<void> {
  await tx.delete(t.sessions).where(eq(t.sessions.hash, hash));
}

/** Deletes all sessions of an admin, or all but one. Returns their number. */
export async function deleteSessionsOf(tx: Queries, t: Schema, admin: string, except?: string): Promise<number> {
  const others = except === undefined ? undefined : ne(t.sessions.hash, except);
  const ended = await tx
    .delete(t.sessions)
    .where(and(eq(t.sessions.admin, admin), others))
    .returning({ hash: t.sessions.hash });
  return ended.length;
}

export async function deleteExpiredSessions(tx: Queries, t: Schema, now: Instant): Promise<void> {
  await tx.delete(t.sessions).where(lte(t.sessions.expiresAt, new Date(now)));
}
