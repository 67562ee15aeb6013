import { eq, sql } from "drizzle-orm";
import type { Instant, Json } from "~/core/model";
import type { Database, Queries } from "../database";
import { rowsAsOne } from "../rows-as-one";
import type { Schema } from "../schema";

export type FlagValue = { tenant: string; flag: string; state: "on" | "off"; payload?: Json; variant?: string; seenAt: Instant };

export async function readFlagValues(q: Queries, t: Schema, tenant: string): Promise<FlagValue[]> {
  const rows = await q.select().from(t.flagValues).where(eq(t.flagValues.tenant, tenant));
  return rows.map(({ payload, variant, seenAt, ...row }) => ({
    ...row,
    ...(payload === null ? {} : { payload }),
    ...(variant === null ? {} : { variant }),
    seenAt: seenAt.getTime(),
  }));
}

/** Rows of one statement. */
const atOnce = 500;

/** Keeps the newest value of each tenant and flag. Nobody waits for it. */
export async function writeFlagValues(db: Database, values: FlagValue[]): Promise<void> {
  const t = db.tables.flagValues;
  const inOrder = [...values].sort((a, b) => (a.tenant < b.tenant || (a.tenant === b.tenant && a.flag < b.flag) ? -1 : 1));
  const rows = inOrder.map((v) => ({ ...v, payload: v.payload ?? null, variant: v.variant ?? null, seenAt: new Date(v.seenAt) }));
  for (let from = 0; from < rows.length; from += atOnce) {
    await db.aside((q) =>
      q
        .insert(t)
        .select(rowsAsOne(t, rows.slice(from, from + atOnce)))
        .onConflictDoUpdate({
          target: [t.tenant, t.flag],
          set: {
            state: sql`excluded.state`,
            payload: sql`excluded.payload`,
            variant: sql`excluded.variant`,
            seenAt: sql`excluded.seen_at`,
          },
          setWhere: sql`excluded.seen_at >= ${t.seenAt}`,
        }),
    );
  }
}
