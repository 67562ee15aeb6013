import { and, asc, count, desc, gt, lt, lte, max, type SQLWrapper, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { DatabaseReadOnly } from "../unavailable";

export type ChangeKind = Schema["changes"]["$inferSelect"]["kind"];

/** Rows per insert: SQLite takes at most 32,766 parameters, and the event loop runs in between. */
const rowBatchSize = 500;

/** Splits a long write into batches and lets waiting requests run in between. */
export async function inBatches<T>(rows: T[], write: (batch: T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += rowBatchSize) {
    if (at > 0) await new Promise(setImmediate);
    await write(rows.slice(at, at + rowBatchSize));
  }
}

/** Appends to the feed. Returns the number that becomes the subject's revision. */
export async function appendChange(tx: Queries, t: Schema, kind: ChangeKind, subject: string, at: Instant): Promise<number> {
  const [row] = await tx
    .insert(t.changes)
    .values({ kind, subject, at: new Date(at) })
    .returning({ seq: t.changes.seq });
  if (!row) throw new Error("The change feed gave no number.");
  return row.seq;
}

/** Variant for many tenants. Returns revisions by key. */
export async function appendTenantChanges(tx: Queries, t: Schema, keys: string[], at: Instant): Promise<Map<string, number>> {
  const revisions = new Map<string, number>();
  await inBatches(keys, async (batch) => {
    const rows = await tx
      .insert(t.changes)
      .values(batch.map((subject) => ({ kind: "tenant" as const, subject, at: new Date(at) })))
      .returning({ seq: t.changes.seq, subject: t.changes.subject });
    for (const { subject, seq } of rows) revisions.set(subject, seq);
  });
  return revisions;
}

/** SQLite reads as many in 4 to 9 ms, during which no check is answered. */
export const changeBatchSize = 5_000;

/** Numbers and subjects at the same index belong together. `others` are those not about a tenant. */
export type FeedPage = { seqs: number[]; subjects: string[]; others: { seq: number; kind: ChangeKind }[] };

/**
 * Reads the subjects changed after a number, oldest first, `changeBatchSize` at most. Each column is returned as one
 * JSON text, which takes less than half as long as rows; checks wait for this, even after an import of ten thousand
 * tenants. Rejects with DatabaseReadOnly if the server is read-only: a standby may lack newer changes.
 */
export function changesReader(q: Queries, t: Schema): (seq: number) => Promise<FeedPage> {
  const { changes: c } = t;
  const page = q
    .select({ seq: c.seq, kind: c.kind, subject: c.subject })
    .from(c)
    .where(gt(c.seq, sql.placeholder("seq")))
    .orderBy(asc(c.seq))
    .limit(changeBatchSize)
    .as("page");
  // SQLite returns the rows in order; an explicit sort doubles the time.
  const list = (column: SQLWrapper) =>
    isOnPostgres(c) ? sql<string | null>`json_agg(${column} order by ${page.seq})` : sql<string | null>`json_group_array(${column})`;
  const ofOthers = sql`filter (where ${page.kind} <> 'tenant')`;
  const asText = (list: SQLWrapper) => sql<string | null>`cast(${list} as text)`;
  const query = q
    .select({
      seqs: asText(list(page.seq)),
      subjects: asText(list(page.subject)),
      otherSeqs: asText(sql`${list(page.seq)} ${ofOthers}`),
      otherKinds: asText(sql`${list(page.kind)} ${ofOthers}`),
      readOnly: isOnPostgres(c) ? sql<string>`current_setting('transaction_read_only')` : sql<string>`'off'`,
    })
    .from(page)
    .prepare();
  const read = <T>(text: string | null | undefined) => JSON.parse(text ?? "[]") as T[];
  return async (seq) => {
    const [row] = await query.execute({ seq });
    if (row?.readOnly === "on") throw new DatabaseReadOnly();
    const kinds = read<ChangeKind>(row?.otherKinds);
    const others = read<number>(row?.otherSeqs).map((seq, i) => ({ seq, kind: kinds[i] as ChangeKind }));
    return { seqs: read(row?.seqs), subjects: read(row?.subjects), others };
  };
}

/**
 * The newest number, and the kinds of changes after `start` that are not about a tenant. Null if a number between them is
 * missing, which PostgreSQL may commit later: numbers are drawn before a commit. SQLite writes one transaction at a time.
 */
export async function endOfFeed(q: Queries, { changes: t }: Schema, start: number): Promise<{ end: number; kinds: ChangeKind[] } | null> {
  const after = gt(t.seq, start);
  const [row] = await q
    .select({ end: max(t.seq), ...(isOnPostgres(t) ? { rows: count() } : {}) })
    .from(t)
    .where(after);
  const end = Number(row?.end ?? start);
  if (row?.rows !== undefined && Number(row.rows) !== end - start) return null;
  // The index's own condition, so that it is used.
  const others = q
    .select({ kind: t.kind })
    .from(t)
    .where(and(after, lte(t.seq, end), sql`${t.kind} <> 'tenant'`));
  return { end, kinds: [...new Set((await others).map(({ kind }) => kind))] };
}

/** The newest number; with `by`, one drawn by then with none from about that time above it. 0 if there is none. */
export async function lastChange(q: Queries, { changes: t }: Schema, by?: Instant): Promise<number> {
  const [row] =
    by === undefined
      ? await q.select({ seq: max(t.seq) }).from(t)
      : await q
          .select({ seq: t.seq })
          .from(t)
          .where(lt(t.at, new Date(by)))
          .orderBy(desc(t.at))
          .limit(1);
  return Number(row?.seq ?? 0);
}
