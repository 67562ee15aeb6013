import { randomUUID } from "node:crypto";
import { and, desc, eq, getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import type { Actor, Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
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
  /** Of the facts document that the change made. */
  revision?: number;
};

/** Entries of an actor without a change set share one of their own. */
export async function writeAudit(tx: Queries, t: Schema, ...entries: AuditEntry[]): Promise<void> {
  const ownChangeSet = randomUUID();
  await inBatches(entries, (batch) =>
    tx.insert(t.audit).values(
      batch.map(({ at, actor, action, subjectKind, subject, before, after, why, revision }) => ({
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
        changeSet: actor.changeSet ?? ownChangeSet,
        revision: revision ?? null,
      })),
    ),
  );
}

/** Conditions that have an index. */
export type AuditFilter = { subjectKind?: AuditSubject; subject?: string; actor?: Pick<Actor, "kind" | "id">; action?: string };
export type AuditRow = Schema["audit"]["$inferSelect"];

/** A row without its documents, which are up to some megabytes for an import. */
export type AuditHead = Omit<AuditRow, "before" | "after">;
/** `isLarge`: its documents are left out, and are null. */
export type ListedAuditRow = AuditRow & { isLarge: boolean };

/** In bytes of JSON. Lists omit documents above the first, and further ones once the list exceeds the second. */
const maxListedBytes = 32 * 1024;
const maxListBytes = 512 * 1024;

/** The newest of a subject, an actor or an action, without large documents. */
export async function listAudit(q: Queries, t: Schema, filter: AuditFilter, { size }: { size: number }): Promise<ListedAuditRow[]> {
  const heads = await q
    .select(headWithBytes(t))
    .from(t.audit)
    .where(matching(t, filter))
    .orderBy(desc(t.audit.at), desc(t.audit.seq))
    .limit(size);
  return withDocuments(q, t, heads);
}

/** Adds the documents of those that are small enough for a list. */
export async function withDocuments(q: Queries, t: Schema, heads: readonly (AuditHead & { bytes: number })[]): Promise<ListedAuditRow[]> {
  const small: number[] = [];
  let total = 0;
  for (const { seq, bytes } of heads) {
    if (bytes === 0 || bytes > maxListedBytes || total + bytes > maxListBytes) continue;
    small.push(seq);
    total += bytes;
  }
  const { seq, before, after } = t.audit;
  const rows = small.length === 0 ? [] : await q.select({ seq, before, after }).from(t.audit).where(inArray(seq, small));
  const documents = new Map(rows.map((row) => [row.seq, row]));
  return heads.map(({ bytes, ...head }) => {
    const own = documents.get(head.seq);
    return { ...head, before: own?.before ?? null, after: own?.after ?? null, isLarge: bytes > 0 && own === undefined };
  });
}

/** Newest first, without the documents. */
export async function listAuditHeads(q: Queries, t: Schema, filter: AuditFilter, { size }: { size: number }): Promise<AuditHead[]> {
  return q.select(headColumns(t)).from(t.audit).where(matching(t, filter)).orderBy(desc(t.audit.at), desc(t.audit.seq)).limit(size);
}

export function matching({ audit }: Schema, filter: AuditFilter): SQL | undefined {
  const conditions: SQL[] = [];
  if (filter.subjectKind) conditions.push(eq(audit.subjectKind, filter.subjectKind));
  if (filter.subject !== undefined) conditions.push(eq(audit.subject, filter.subject));
  if (filter.actor) conditions.push(eq(audit.actorKind, filter.actor.kind), eq(audit.actorId, filter.actor.id));
  if (filter.action) conditions.push(eq(audit.action, filter.action));
  return and(...conditions);
}

function headColumns({ audit }: Schema) {
  const { before, after, ...columns } = getTableColumns(audit);
  return columns;
}

/** `bytes` is the size of the documents. SQLite knows it without reading them, if they are not cast. */
export function headWithBytes(t: Schema) {
  const { before, after } = t.audit;
  const size = (column: typeof before | typeof after) =>
    sql`coalesce(octet_length(${isOnPostgres(t.audit) ? sql`${column}::text` : column}), 0)`;
  return { ...headColumns(t), bytes: sql<number>`${size(before)} + ${size(after)}`.mapWith(Number) };
}
