import { gt, max, sql } from "drizzle-orm";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { type Total, totalColumns } from "./usage-totals.server";

/** Totals committed since `cursor`, and the next cursor. */
export type TotalsSince = { totals: Total[]; cursor: string };

/**
 * Reads what any process committed since a cursor, without gaps and without clocks. SQLite's transactions are
 * sequential, so their largest number is enough. PostgreSQL draws ids before a commit, so the cursor is a snapshot, and
 * rows not visible in it are new; a transaction that is still open is in no snapshot, however long it runs.
 */
export function totalsReader(q: Queries, t: Schema): { start(): Promise<string>; since(cursor: string): Promise<TotalsSince> } {
  return isOnPostgres(t.usageTotals) ? totalsBySnapshot(q, t) : totalsByNumber(q, t);
}

function totalsByNumber(q: Queries, t: Schema) {
  const u = t.usageTotals;
  const rows = q
    .select({ ...totalColumns(t), writtenBy: u.writtenBy })
    .from(u)
    .where(gt(u.writtenBy, sql.placeholder("cursor")))
    .prepare();
  return {
    async start(): Promise<string> {
      const [row] = await q.select({ newest: max(u.writtenBy) }).from(u);
      return String(row?.newest ?? 0);
    },
    async since(cursor: string): Promise<TotalsSince> {
      let newest = Number(cursor);
      const found = await rows.execute({ cursor: newest });
      const totals = found.map(({ writtenBy, ...total }) => {
        newest = Math.max(newest, writtenBy);
        return total;
      });
      return { totals, cursor: String(newest) };
    },
  };
}

function totalsBySnapshot(q: Queries, t: Schema) {
  const u = t.usageTotals;
  async function start(): Promise<string> {
    const [row] = await q.select({ snapshot: sql<string>`s.now::text` }).from(sql`(select pg_current_snapshot() as now) as s`);
    if (!row) throw new Error("PostgreSQL gave no snapshot.");
    return row.snapshot;
  }
  return {
    start,
    async since(cursor: string): Promise<TotalsSince> {
      const now = await start();
      // The first condition uses the index: everything below was visible before.
      const isNew = sql`${u.writtenBy} >= pg_snapshot_xmin(${cursor}::pg_snapshot)::text::bigint
        and not pg_visible_in_snapshot(${u.writtenBy}::text::xid8, ${cursor}::pg_snapshot)
        and pg_visible_in_snapshot(${u.writtenBy}::text::xid8, ${now}::pg_snapshot)`;
      return { totals: await q.select(totalColumns(t)).from(u).where(isNew), cursor: now };
    },
  };
}
