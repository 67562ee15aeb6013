import { and, asc, desc, eq, inArray, lt, lte, ne, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema, SubjectKind } from "../schema";
import { isNotOverAt } from "./grant-lifetime";

export type ChangeSetRow = Pick<
  Schema["audit"]["$inferSelect"],
  "seq" | "at" | "action" | "subjectKind" | "subject" | "revision" | "changeSet" | "actorName" | "actorKind" | "actorId"
>;

const columnsOf = ({ audit: a }: Schema) => ({
  ...{ seq: a.seq, at: a.at, action: a.action, subjectKind: a.subjectKind, subject: a.subject },
  ...{ revision: a.revision, changeSet: a.changeSet, actorName: a.actorName, actorKind: a.actorKind, actorId: a.actorId },
});

/** The entries of an entry's act, oldest first, `most` at most. Empty if there is no such entry. */
export async function changeSetOf(q: Queries, t: Schema, seq: number, most: number): Promise<ChangeSetRow[]> {
  const [row] = await q.select(columnsOf(t)).from(t.audit).where(eq(t.audit.seq, seq)).limit(1);
  if (!row || row.changeSet === null) return row ? [row] : [];
  return rowsOfChangeSet(q, t, row.changeSet, most);
}

export async function rowsOfChangeSet(q: Queries, t: Schema, changeSet: string, most: number): Promise<ChangeSetRow[]> {
  return q.select(columnsOf(t)).from(t.audit).where(eq(t.audit.changeSet, changeSet)).orderBy(asc(t.audit.seq)).limit(most);
}

/** Entries of an act and their actions. Reads all of them, so it is for acts that become a job. */
export async function actionsOfChangeSet(
  q: Queries,
  { audit: a }: Schema,
  changeSet: string,
): Promise<{ action: string; count: number }[]> {
  const rows = await q
    .select({ action: a.action, count: sql<number>`count(*)` })
    .from(a)
    .where(eq(a.changeSet, changeSet))
    .groupBy(a.action);
  return rows.map(({ action, count }) => ({ action, count: Number(count) }));
}

/** Entries of an act that are not about a tenant, oldest first, `most` at most. */
export async function catalogueEntriesOf(q: Queries, t: Schema, changeSet: string, most: number): Promise<ChangeSetRow[]> {
  const { audit: a } = t;
  return q
    .select(columnsOf(t))
    .from(a)
    .where(and(eq(a.changeSet, changeSet), ne(a.subjectKind, "tenant")))
    .orderBy(asc(a.seq))
    .limit(most);
}

export async function auditRowsOf(q: Queries, t: Schema, seqs: readonly number[]): Promise<ChangeSetRow[]> {
  if (seqs.length === 0) return [];
  return q
    .select(columnsOf(t))
    .from(t.audit)
    .where(inArray(t.audit.seq, [...seqs]))
    .orderBy(asc(t.audit.seq));
}

/** Entries of an act before a number, or from the newest if it is null; newest first. */
export async function entriesBefore(
  q: Queries,
  t: Schema,
  changeSet: string,
  { before, size }: { before: number | null; size: number },
): Promise<ChangeSetRow[]> {
  const { audit: a } = t;
  return q
    .select(columnsOf(t))
    .from(a)
    .where(and(eq(a.changeSet, changeSet), before === null ? undefined : lt(a.seq, before)))
    .orderBy(desc(a.seq))
    .limit(size);
}

/** Entries of an act about these tenants, newest first. */
export async function entriesOfTenants(q: Queries, t: Schema, changeSet: string, keys: readonly string[]): Promise<ChangeSetRow[]> {
  if (keys.length === 0) return [];
  const { audit: a } = t;
  return q
    .select(columnsOf(t))
    .from(a)
    .where(and(eq(a.subjectKind, "tenant"), inArray(a.subject, [...keys]), sql`coalesce(${a.changeSet}, '') = ${changeSet}`))
    .orderBy(desc(a.seq));
}

export async function newestSeqOf(q: Queries, { audit: a }: Schema, changeSet: string): Promise<number> {
  const [row] = await q.select({ seq: a.seq }).from(a).where(eq(a.changeSet, changeSet)).orderBy(desc(a.seq)).limit(1);
  return row?.seq ?? 0;
}

type Subject = { kind: SubjectKind; subject: string };
const isOf = ({ factsHistory: h }: Schema, { kind, subject }: Subject) => and(eq(h.kind, kind), eq(h.subject, subject));

/** The document of a revision and the one before it, or null. Null if the history does not have the revision. */
export async function documentsAround(
  q: Queries,
  t: Schema,
  of: Subject,
  revision: number,
): Promise<{ before: unknown; after: unknown } | null> {
  const h = t.factsHistory;
  const [after, before] = await q
    .select({ revision: h.revision, document: h.document })
    .from(h)
    .where(and(isOf(t, of), lte(h.revision, revision)))
    .orderBy(desc(h.revision))
    .limit(2);
  return after?.revision === revision ? { before: before?.document ?? null, after: after.document } : null;
}

/** The revision that a subject got at an instant, for entries that do not name theirs. Null if there is none, or several. */
export async function revisionMadeAt(q: Queries, t: Schema, of: Subject, at: Instant): Promise<number | null> {
  const h = t.factsHistory;
  const rows = await q
    .select({ revision: h.revision })
    .from(h)
    .where(and(isOf(t, of), eq(h.recordedAt, new Date(at))))
    .limit(2);
  return rows.length === 1 ? (rows[0]?.revision ?? null) : null;
}

/** Ids of grants of a feature that are not over, `most` at most. */
export async function grantsInForce(q: Queries, { grants: g }: Schema, feature: string, now: Instant, most: number): Promise<string[]> {
  const rows = await q
    .select({ id: g.id })
    .from(g)
    .where(and(eq(g.feature, feature), isNotOverAt(g, now)))
    .limit(most);
  return rows.map(({ id }) => id);
}
