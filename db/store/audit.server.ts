import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { Actor, Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import type { AuditSubject, Schema } from "../schema";
import { inBatches } from "./changes.server";

export type AuditEntry = {
  at: Instant;
  actor: Actor;
  action: string;
  subjectKind: AuditSubject;
  subject: string;
  before?: Json;
  after?: Json;
  why?: string | null;
};

export async function writeAudit(tx: Queries, t: Schema, ...entries: AuditEntry[]): Promise<void> {
  await inBatches(entries, (batch) =>
    tx.insert(t.audit).values(
      batch.map(({ at, actor, action, subjectKind, subject, before, after, why }) => ({
        at: new Date(at),
        actorKind: actor.kind,
        actorId: actor.id,
        actorName: actor.name,
        action,
        subjectKind,
        subject,
        before: before ?? null,
        after: after ?? null,
        why: why ?? null,
        request: actor.request ?? null,
        address: actor.address ?? null,
      })),
    ),
  );
}

export type AuditFilter = { subjectKind?: AuditSubject; subject?: string; actor?: Pick<Actor, "kind" | "id">; action?: string };
export type AuditRow = Schema["audit"]["$inferSelect"];

/** Newest first, paged: `before` is the `seq` of the last row of the previous page. */
export async function listAudit(q: Queries, t: Schema, filter: AuditFilter, page: { before?: number; size: number }): Promise<AuditRow[]> {
  const conditions: SQL[] = [];
  if (filter.subjectKind) conditions.push(eq(t.audit.subjectKind, filter.subjectKind));
  if (filter.subject !== undefined) conditions.push(eq(t.audit.subject, filter.subject));
  if (filter.actor) conditions.push(eq(t.audit.actorKind, filter.actor.kind), eq(t.audit.actorId, filter.actor.id));
  if (filter.action) conditions.push(eq(t.audit.action, filter.action));
  if (page.before !== undefined) conditions.push(lt(t.audit.seq, page.before));
  return q
    .select()
    .from(t.audit)
    .where(and(...conditions))
    .orderBy(desc(t.audit.seq))
    .limit(page.size);
}
