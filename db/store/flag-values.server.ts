import { eq, sql } from "drizzle-orm";
import type { LastFlagValue } from "~/core/model";
import type { Database, Queries } from "../database";
import { rowsInBatches } from "../json-row-batches";
import { selectedFrom } from "../json-rows";
import type { Schema } from "../schema";

export type TenantFlagValue = LastFlagValue & { tenant: string; flag: string };

export async function readFlagValues(q: Queries, t: Schema, tenant: string): Promise<TenantFlagValue[]> {
  const rows = await q.select().from(t.flagValues).where(eq(t.flagValues.tenant, tenant));
  return rows.map(({ payload, variant, seenAt, ...row }) => ({
    ...row,
    ...(payload === null ? {} : { payload }),
    ...(variant === null ? {} : { variant }),
    seenAt: seenAt.getTime(),
  }));
}

/** Rows per transaction, for which other writers wait. */
const batchSize = 1_000;

/** One global order prevents deadlocks between processes that write the same rows. */
const inOrder = (values: TenantFlagValue[]) =>
  values.sort((a, b) => (a.tenant < b.tenant || (a.tenant === b.tenant && a.flag < b.flag) ? -1 : 1));

const rowOf = (v: TenantFlagValue) => ({ ...v, payload: v.payload ?? null, variant: v.variant ?? null, seenAt: new Date(v.seenAt) });

/** Stores the newest value per tenant and flag. Nobody waits for it. */
export function keepingFlagValues(db: Database): (values: TenantFlagValue[]) => Promise<void> {
  const t = db.tables.flagValues;
  const keep = db.prepareAside((q, piece) =>
    q
      .insert(t)
      .select(selectedFrom(piece, t))
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
  return async (values) => {
    for (let from = 0; from < values.length; from += batchSize)
      await keep(await rowsInBatches(t, inOrder(values.slice(from, from + batchSize)), rowOf));
  };
}
