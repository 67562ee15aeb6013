import { and, type Column, eq, inArray, lt, lte, notInArray, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { lastChange } from "./changes.server";
import { csvUploadsInUse } from "./csv-uploads.server";
import { readEventCursor } from "./event-cursor.server";
import { readHookCursor } from "./hook-changes.server";
import { lastNotice, maxKeptNotices } from "./notices.server";

/** Expired rows; `by` is the column whose index finds them. */
export type OldRows = { what: string; table: SQLiteTable; where: SQL; by: Column };

/** Instants (and a day, YYYY-MM-DD) before which rows are expired. */
export type Ages = {
  reports: Instant;
  answers: Instant;
  feed: Instant;
  now: Instant;
  signInCounts: Instant;
  previews: Instant;
  jobs: Instant;
  csvUploads: Instant;
  requests: Instant;
  unsentFeed: Instant;
  checkDay: string;
  webhooks: Instant;
};

export async function findOldRows(q: Queries, t: Schema, ages: Ages): Promise<OldRows[]> {
  const { usageEvents: e, usageHistory: h, idempotentAnswers: a, checkCounts: c, signInCounts: s, changes } = t;
  const { jobs: j, jobItems: i, csvUploads: v, csvRows: l } = t;
  const { usageDaily: u, featureDaily: f, refusedTenants: r } = t;
  const rows = (what: string, table: SQLiteTable, by: Column, where: SQL): OldRows => ({ what, table, by, where });
  const jobsBefore = (isPreview: boolean, at: Instant) => and(eq(j.isPreview, isPreview), lt(j.createdAt, new Date(at))) as SQL;
  const jobRows = (what: string, isPreview: boolean, at: Instant) => [
    // Before their jobs, without which they would not be found.
    rows(`results of ${what}`, i, i.job, inArray(i.job, q.select({ id: j.id }).from(j).where(jobsBefore(isPreview, at)))),
    rows(what, j, j.createdAt, jobsBefore(isPreview, at)),
  ];
  // A file of this age gets no job but that of a request which waits.
  const used = await csvUploadsInUse(q, t, ages.now);
  const oldUploads = and(lt(v.createdAt, new Date(ages.csvUploads)), notInArray(v.id, used)) as SQL;
  const { impacts: p, impactTenants: pt } = t;
  const impactsBefore = lt(p.createdAt, new Date(ages.previews));
  const all = [
    rows("rows of uploaded files", l, l.upload, inArray(l.upload, q.select({ id: v.id }).from(v).where(oldUploads))),
    rows("uploaded files", v, v.createdAt, oldUploads),
    ...jobRows("previews", true, ages.previews),
    ...jobRows("jobs", false, ages.jobs),
    rows("requests", t.requests, t.requests.createdAt, lt(t.requests.createdAt, new Date(ages.requests))),
    rows("results of impacts", pt, pt.job, inArray(pt.job, q.select({ job: p.job }).from(p).where(impactsBefore))),
    rows("impacts", p, p.createdAt, impactsBefore),
    rows("usage reports", e, e.recordedAt, lt(e.recordedAt, new Date(ages.reports))),
    rows("usage history", h, h.at, lt(h.at, new Date(ages.reports))),
    rows("idempotent answers", a, a.createdAt, lt(a.createdAt, new Date(ages.answers))),
    rows("sign-in counts", s, s.expire, lt(s.expire, new Date(ages.signInCounts))),
    rows("check counts", c, c.day, lt(c.day, ages.checkDay)),
    // After the counts that they sum, so that none of those is added again.
    rows("checks by feature and day", f, f.day, lt(f.day, ages.checkDay)),
    rows("refused tenants", r, r.lastDay, lt(r.lastDay, ages.checkDay)),
    rows("use by day", u, u.day, lt(u.day, ages.checkDay)),
    ...oldHooks(t, ages),
    rows("notices beyond the last ones", t.notices, t.notices.seq, lte(t.notices.seq, (await lastNotice(q, t)) - maxKeptNotices)),
    // Keeps the newest row, because the sequence continues from it.
    rows(
      "feed",
      changes,
      changes.seq,
      and(lte(changes.seq, await oldFeed(q, t, ages)), sql`${changes.seq} < (select max(seq) from changes)`) as SQL,
    ),
  ];
  const found: OldRows[] = [];
  for (const old of all) if (await isThere(q, old)) found.push(old);
  return found;
}

/** A read mark is younger than its notice, so it goes later. */
function oldHooks({ webhookEvents: e, webhookDeliveries: d, notices: n, noticeReads: r }: Schema, { webhooks }: Ages): OldRows[] {
  const before = new Date(webhooks);
  return [
    { what: "deliveries", table: d, by: d.createdAt, where: lt(d.createdAt, before) },
    { what: "webhook events", table: e, by: e.createdAt, where: lt(e.createdAt, before) },
    { what: "notices", table: n, by: n.createdAt, where: lt(n.createdAt, before) },
    { what: "read marks", table: r, by: r.readAt, where: lt(r.readAt, before) },
  ];
}

/** The feed up to here is expired, was read for webhooks and sent to PostHog, or PostHog has been down for too long. */
async function oldFeed(q: Queries, t: Schema, { feed, unsentFeed }: Ages): Promise<number> {
  const [old, told, hooks] = await Promise.all([lastChange(q, t, feed), readEventCursor(q, t), readHookCursor(q, t)]);
  return Math.max(await lastChange(q, t, unsentFeed), Math.min(old, told?.seq ?? old, hooks?.seq ?? old));
}

export async function isThere(q: Queries, { table, where }: OldRows): Promise<boolean> {
  const [row] = await q.select({ one: sql`1` }).from(table).where(where).limit(1);
  return row !== undefined;
}

/** For `aside`: deletes the oldest rows, at most this many. */
export function deletingSome(q: Queries, { table, where, by }: OldRows, most: number) {
  const isPostgres = isOnPostgres(table);
  const row = sql.raw(isPostgres ? "ctid" : "rowid");
  const some = sql`select ${row} from ${table} where ${where} order by ${by} limit ${most}`;
  return q.delete(table).where(isPostgres ? sql`ctid = any(array(${some}))` : sql`rowid in (${some})`);
}
