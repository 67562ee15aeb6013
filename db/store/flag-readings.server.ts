import { and, desc, eq, gt, lte, type SQL, sql } from "drizzle-orm";
import type { FlagReading, Instant } from "~/core/model";
import type { Database, Queries } from "../database";
import { selectedFrom } from "../rows-as-one";
import { rowsInPieces } from "../rows-in-pieces";
import type { Schema } from "../schema";

/** What checks of a tenant knew of a flag from this instant on. */
export type NotedReading = { tenant: string; flag: string; at: Instant; reading: FlagReading };

/** From this row on nothing was known of any flag. No tenant and no flag has an empty key. */
const off = { tenant: "", flag: "" };

/** What was known of the tenant's flags by then, or is known by now. */
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

/** What notes readings, all of them or none. Nobody waits for it. */
export function notingFlagReadings(db: Database): (readings: NotedReading[]) => Promise<void> {
  const r = db.tables.flagReadings;
  const note = db.prepareAside((q, piece) =>
    q
      .insert(r)
      .select(selectedFrom(piece, r))
      .onConflictDoUpdate({ target: [r.tenant, r.flag, r.at], set: { reading: sql`excluded.reading` } }),
  );
  return async (readings) => note(await rowsInPieces(r, inOrder(readings), (row) => ({ ...row, at: new Date(row.at) })));
}

/** One order everywhere: two processes that write the same rows must not wait for each other. */
const inOrder = (readings: NotedReading[]) =>
  readings
    .map((row) => ({ row, key: `${row.tenant}\n${row.flag}\n${row.at}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);

/** PostHog was turned off: what was known before counts no more. */
export async function noteFlagsOff(db: Database, now: Instant): Promise<void> {
  const r = db.tables.flagReadings;
  const before = lte(r.at, new Date(now));
  const [newest] = await db.read.select({ tenant: r.tenant }).from(r).where(before).orderBy(desc(r.at)).limit(1);
  if (newest && newest.tenant !== off.tenant) await notingFlagReadings(db)([{ ...off, at: now, reading: { state: "unknown" } }]);
}
