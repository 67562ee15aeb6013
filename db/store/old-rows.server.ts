import { and, type Column, lt, lte, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { lastChange } from "./changes.server";
import { readEventCursor } from "./event-cursor.server";

/** Expired rows; `by` is the column whose index finds them. */
export type OldRows = { what: string; table: SQLiteTable; where: SQL; by: Column };

/** Instants (and a day, YYYY-MM-DD) before which rows are expired. */
export type Ages = { reports: Instant; answers: Instant; feed: Instant; signInCounts: Instant; unsentFeed: Instant; checkDay: string };

export async function findOldRows(q: Queries, t: Schema, ages: Ages): Promise<OldRows[]> {
  const { usageEvents: e, usageHistory: h, idempotentAnswers: a, checkCounts: c, signInCounts: s, changes } = t;
  const { usageDaily: u, featureDaily: f, refusedTenants: r } = t;
  const rows = (what: string, table: SQLiteTable, by: Column, where: SQL): OldRows => ({ what, table, by, where });
  const all = [
    rows("usage reports", e, e.recordedAt, lt(e.recordedAt, new Date(ages.reports))),
    rows("usage history", h, h.at, lt(h.at, new Date(ages.reports))),
    rows("idempotent answers", a, a.createdAt, lt(a.createdAt, new Date(ages.answers))),
    rows("sign-in counts", s, s.expire, lt(s.expire, new Date(ages.signInCounts))),
    rows("check counts", c, c.day, lt(c.day, ages.checkDay)),
    // After the counts that they sum, so that none of those is added again.
    rows("checks by feature and day", f, f.day, lt(f.day, ages.checkDay)),
    rows("refused tenants", r, r.lastDay, lt(r.lastDay, ages.checkDay)),
    rows("use by day", u, u.day, lt(u.day, ages.checkDay)),
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

/** The feed up to here is expired and was sent to PostHog, or PostHog has been down for too long. */
async function oldFeed(q: Queries, t: Schema, { feed, unsentFeed }: Ages): Promise<number> {
  const [old, told, lost] = await Promise.all([lastChange(q, t, feed), readEventCursor(q, t), lastChange(q, t, unsentFeed)]);
  return Math.max(lost, Math.min(old, told?.seq ?? old));
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
