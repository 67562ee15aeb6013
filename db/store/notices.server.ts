import { and, desc, eq, gt, inArray, lt, lte, max, notExists, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { NewNotice } from "~/core/notices/notice";
import type { NoticeKind } from "~/core/notices/notice-rules";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

export type StoredNotice = NewNotice & { seq: number; isRead: boolean };

/** Notices before the last of these are deleted. */
export const maxKeptNotices = 10_000;

export async function insertNotices(
  tx: Queries,
  { notices: n }: Schema,
  notices: readonly (NewNotice & { createdAt?: Instant })[],
  now: Instant,
): Promise<void> {
  const rows = notices.map(({ at, createdAt, ...notice }) => ({ ...notice, at: new Date(at), createdAt: new Date(createdAt ?? now) }));
  await inBatches(rows, (batch) => tx.insert(n).values(batch));
}

/** Null if there is none. */
export async function newestNoticeOf(
  q: Queries,
  { notices: n }: Schema,
  kind: NoticeKind,
): Promise<(NewNotice & { seq: number; createdAt: Instant }) | null> {
  const [row] = await q.select().from(n).where(eq(n.kind, kind)).orderBy(desc(n.seq)).limit(1);
  return row ? { ...row, at: row.at.getTime(), createdAt: row.createdAt.getTime() } : null;
}

export async function deleteNotice(tx: Queries, { notices: n }: Schema, seq: number): Promise<void> {
  await tx.delete(n).where(eq(n.seq, seq));
}

/** The newest one's number, or 0. */
export async function lastNotice(q: Queries, { notices: n }: Schema): Promise<number> {
  const [row] = await q.select({ seq: max(n.seq) }).from(n);
  return Number(row?.seq ?? 0);
}

async function markOf(q: Queries, { noticeMarks: m }: Schema, admin: string): Promise<number> {
  const [row] = await q.select({ readUpTo: m.readUpTo }).from(m).where(eq(m.admin, admin));
  return row?.readUpTo ?? 0;
}

const unreadBy = (q: Queries, { notices: n, noticeReads: r }: Schema, admin: string) =>
  notExists(
    q
      .select({ one: sql`1` })
      .from(r)
      .where(and(eq(r.admin, admin), eq(r.notice, n.seq))),
  );

/** How many a person has not read, up to a bound. */
export async function countUnreadNotices(q: Queries, t: Schema, admin: string, bound: number): Promise<number> {
  const { notices: n } = t;
  const mark = await markOf(q, t, admin);
  const some = q
    .select({ seq: n.seq })
    .from(n)
    .where(and(gt(n.seq, mark), unreadBy(q, t, admin)))
    .orderBy(desc(n.seq))
    .limit(bound)
    .as("some");
  const [row] = await q.select({ n: sql<number>`count(*)` }).from(some);
  return Number(row?.n ?? 0);
}

/** Newest first, with whether this person has read each. */
export async function listNotices(
  q: Queries,
  t: Schema,
  { admin, kind, before, size }: { admin: string; kind?: NoticeKind; before?: number; size: number },
): Promise<StoredNotice[]> {
  const { notices: n, noticeReads: r } = t;
  const mark = await markOf(q, t, admin);
  const rows = await q
    .select({ seq: n.seq, kind: n.kind, at: n.at, text: n.text, about: n.about })
    .from(n)
    .where(and(kind === undefined ? undefined : eq(n.kind, kind), before === undefined ? undefined : lt(n.seq, before)))
    .orderBy(desc(n.seq))
    .limit(size);
  const seqs = rows.map(({ seq }) => seq);
  const read = await q
    .select({ notice: r.notice })
    .from(r)
    .where(and(eq(r.admin, admin), inArray(r.notice, seqs)));
  const isRead = new Set(read.map(({ notice }) => notice));
  return rows.map((row) => ({ ...row, at: row.at.getTime(), isRead: row.seq <= mark || isRead.has(row.seq) }));
}

export async function findNotice(q: Queries, { notices: n }: Schema, seq: number): Promise<Omit<StoredNotice, "isRead"> | null> {
  const [row] = await q.select({ seq: n.seq, kind: n.kind, at: n.at, text: n.text, about: n.about }).from(n).where(eq(n.seq, seq));
  return row ? { ...row, at: row.at.getTime() } : null;
}

export async function markNoticeRead(tx: Queries, { noticeReads: r }: Schema, admin: string, notice: number, now: Instant): Promise<void> {
  await tx
    .insert(r)
    .values({ admin, notice, readAt: new Date(now) })
    .onConflictDoNothing();
}

/** Up to and including `seq`, which is the newest one that the person was shown. */
export async function markNoticesReadUpTo(tx: Queries, t: Schema, admin: string, seq: number): Promise<void> {
  const { noticeMarks: m, noticeReads: r } = t;
  const readUpTo = Math.min(seq, await lastNotice(tx, t));
  await tx
    .insert(m)
    .values({ admin, readUpTo })
    .onConflictDoUpdate({
      target: m.admin,
      set: { readUpTo: sql`case when ${m.readUpTo} < ${readUpTo} then ${readUpTo} else ${m.readUpTo} end` },
    });
  await tx.delete(r).where(and(eq(r.admin, admin), lte(r.notice, readUpTo)));
}
