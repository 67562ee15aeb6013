import { and, desc, eq, getTableColumns, inArray, lt, type SQL, sql } from "drizzle-orm";
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

/** A row without its documents, which are up to some megabytes for an import. `bytes` is their size. */
export type AuditHead = Omit<AuditRow, "before" | "after"> & { bytes: number };
/** `isLarge`: its documents are left out, and are null. */
export type ListedAuditRow = AuditRow & { isLarge: boolean };

/** In bytes of JSON. A list leaves out larger documents, and further ones beyond the second bound. */
const maxListedBytes = 32 * 1024;
const maxListBytes = 512 * 1024;

/** Newest first, paged: `before` is the `seq` of the last row of the previous page. */
export async function listAudit(
  q: Queries,
  t: Schema,
  filter: AuditFilter,
  page: { before?: number; size: number },
): Promise<ListedAuditRow[]> {
  const heads = await listAuditHeads(q, t, filter, page);
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

export const auditBytes = ({ audit }: Schema) => {
  const size = (column: typeof audit.before | typeof audit.after) => sql`coalesce(octet_length(cast(${column} as text)), 0)`;
  return sql<number>`${size(audit.before)} + ${size(audit.after)}`.mapWith(Number);
};

/** Like `listAudit`, without the documents. */
export async function listAuditHeads(
  q: Queries,
  t: Schema,
  filter: AuditFilter,
  page: { before?: number; size: number },
): Promise<AuditHead[]> {
  const conditions: SQL[] = [];
  if (filter.subjectKind) conditions.push(eq(t.audit.subjectKind, filter.subjectKind));
  if (filter.subject !== undefined) conditions.push(eq(t.audit.subject, filter.subject));
  if (filter.actor) conditions.push(eq(t.audit.actorKind, filter.actor.kind), eq(t.audit.actorId, filter.actor.id));
  if (filter.action) conditions.push(eq(t.audit.action, filter.action));
  if (page.before !== undefined) conditions.push(lt(t.audit.seq, page.before));
  const { before, after, ...columns } = getTableColumns(t.audit);
  return q
    .select({ ...columns, bytes: auditBytes(t) })
    .from(t.audit)
    .where(and(...conditions))
    .orderBy(desc(t.audit.seq))
    .limit(page.size);
}
