import { and, desc, eq, gt, lte, type SQL, sql } from "drizzle-orm";
import type { FlagReading, Instant } from "~/core/model";
import type { Database, Queries } from "../database";
import { rowsInBatches } from "../json-row-batches";
import { selectedFrom } from "../json-rows";
import type { Schema } from "../schema";

/** A flag reading of a tenant from this instant on. */
export type NotedReading = { tenant: string; flag: string; at: Instant; reading: FlagReading };

/** Marks a time with PostHog off. No tenant or flag has an empty key. */
const off = { tenant: "", flag: "" };

/** A tenant's flag readings as of `by`, or now. */
export async function readFlagReadings(q: Queries, t: Schema, tenant: string, by?: Instant): Promise<Map<string, FlagReading>> {
  const r = t.flagReadings;
  const until = by === undefined ? undefined : sql.param(new Date(by), r.at);
  const byThen = until && sql`n.at <= ${until}`;
  const [none] = await q
    .select({ at: r.at })
    .from(r)
    .where(and(eq(r.tenant, off.tenant), eq(r.flag, off.flag), until && sql`${r.at} <= ${until}`))
    .orderBy(desc(r.at))
    .limit(1);
  const isSameFlag: SQL = sql`n.tenant = ${r.tenant} and n.flag = ${r.flag}`;
  const newest = sql`${r.at} = (select max(n.at) from ${r} n where ${and(isSameFlag, byThen)})`;
  const rows = await q
    .select({ flag: r.flag, reading: r.reading })
    .from(r)
    .where(and(eq(r.tenant, tenant), none && gt(r.at, none.at), newest));
  return new Map(rows.map(({ flag, reading }) => [flag, reading]));
}

/** Records readings, all or none. Nobody waits for it. */
export function notingFlagReadings(db: Database): (readings: NotedReading[]) => Promise<void> {
  const r = db.tables.flagReadings;
  const note = db.prepareAside((q, piece) =>
    q
      .insert(r)
      .select(selectedFrom(piece, r))
      .onConflictDoUpdate({ target: [r.tenant, r.flag, r.at], set: { reading: sql`excluded.reading` } }),
  );
  return async (readings) => note(await rowsInBatches(r, inOrder(readings), (row) => ({ ...row, at: new Date(row.at) })));
}

/** One global order prevents deadlocks between processes that write the same rows. */
const inOrder = (readings: NotedReading[]) =>
  readings
    .map((row) => ({ row, key: `${row.tenant}\n${row.flag}\n${row.at}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);

/** PostHog was turned off: earlier readings no longer apply. */
export async function noteFlagsOff(db: Database, now: Instant): Promise<void> {
  const r = db.tables.flagReadings;
  const before = lte(r.at, new Date(now));
  const [newest] = await db.read.select({ tenant: r.tenant }).from(r).where(before).orderBy(desc(r.at)).limit(1);
  if (newest && newest.tenant !== off.tenant) await notingFlagReadings(db)([{ ...off, at: now, reading: { state: "unknown" } }]);
}
