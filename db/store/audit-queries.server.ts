import { and, asc, desc, eq, gt, type SQL, sql } from "drizzle-orm";
import type { Actor } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { type AuditHead, type AuditRow, headWithBytes } from "./audit.server";

export async function findAudit(q: Queries, t: Schema, seq: number): Promise<AuditRow | null> {
  const [row] = await q.select().from(t.audit).where(eq(t.audit.seq, seq)).limit(1);
  return row ?? null;
}

/** The entry without its documents, and their size. */
export async function findAuditHead(q: Queries, t: Schema, seq: number): Promise<(AuditHead & { bytes: number }) | null> {
  const [row] = await q.select(headWithBytes(t)).from(t.audit).where(eq(t.audit.seq, seq)).limit(1);
  return row ?? null;
}

/** Max values a filter offers. */
const most = 200;

// DISTINCT would read the whole index, which has a row per change. These queries skip from one value to the next.

export async function auditedActions(q: Queries, t: Schema): Promise<string[]> {
  const { action } = t.audit;
  const actions: string[] = [];
  for (let after: SQL | undefined; actions.length < most; ) {
    const [row] = await q.select({ action }).from(t.audit).where(after).orderBy(asc(action)).limit(1);
    if (!row) break;
    actions.push(row.action);
    after = gt(action, row.action);
  }
  return actions;
}

/** Each with the latest name. */
export async function auditedActors(q: Queries, t: Schema): Promise<Actor[]> {
  const { actorKind: kind, actorId: id, actorName: name, at, seq } = t.audit;
  const actors: Actor[] = [];
  for (let after: SQL | undefined; actors.length < most; ) {
    const [next] = await q.select({ kind, id }).from(t.audit).where(after).orderBy(asc(kind), asc(id)).limit(1);
    if (!next) break;
    const theirs = and(eq(kind, next.kind), eq(id, next.id));
    const [last] = await q.select({ name }).from(t.audit).where(theirs).orderBy(desc(at), desc(seq)).limit(1);
    actors.push({ ...next, name: last?.name ?? next.id });
    after = sql`(${kind}, ${id}) > (${next.kind}, ${next.id})`;
  }
  return actors;
}
