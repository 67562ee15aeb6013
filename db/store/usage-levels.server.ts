import { and, asc, gt, inArray, lte, sql } from "drizzle-orm";
import type { Instant, LastFlagValue } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { dateOrNull } from "./dates";

export type LevelRow = { tenant: string; feature: string; plan: string; fill: number; dueAt: Instant | null };

/** Last known flag values of these tenants: tenant, then flag. */
export async function readLastFlags(q: Queries, { flagValues: f }: Schema, tenants: string[]) {
  const byTenant = new Map<string, Map<string, LastFlagValue>>();
  await inBatches(tenants, async (batch) => {
    for (const { tenant, flag, payload, variant, ...row } of await q.select().from(f).where(inArray(f.tenant, batch))) {
      const last = {
        ...row,
        ...(payload === null ? {} : { payload }),
        ...(variant === null ? {} : { variant }),
        seenAt: row.seenAt.getTime(),
      };
      byTenant.set(tenant, (byTenant.get(tenant) ?? new Map()).set(flag, last));
    }
  });
  return byTenant;
}

export async function readLevels(q: Queries, { usageLevels: l }: Schema, tenants: string[]): Promise<LevelRow[]> {
  const rows = await q.select().from(l).where(inArray(l.tenant, tenants));
  return rows.map((row) => ({ ...row, dueAt: row.dueAt?.getTime() ?? null }));
}

/** Puts changed rows, deletes those that are gone, and gives each tenant its plan in `refused_tenants`. */
export async function writeLevels(
  tx: Queries,
  t: Schema,
  { put, gone, plans }: { put: LevelRow[]; gone: LevelRow[]; plans: { tenant: string; plan: string }[] },
): Promise<void> {
  const { usageLevels: l, refusedTenants: r } = t;
  const rows = put.map((row) => ({ ...row, dueAt: dateOrNull(row.dueAt) }));
  await inBatches(rows, (batch) =>
    tx
      .insert(l)
      .select(rowsAsOne(l, batch))
      .onConflictDoUpdate({
        target: [l.tenant, l.feature],
        set: { plan: sql`excluded.plan`, fill: sql`excluded.fill`, dueAt: sql`excluded.due_at` },
      }),
  );
  await inBatches(gone, (batch) => {
    const wanted = rowsAsOne(l, batch, ["tenant", "feature"]);
    return tx.delete(l).where(sql`(${l.tenant}, ${l.feature}) in (${wanted})`);
  });
  const known = rowsAsOne(r, plans, ["tenant", "plan"]);
  await tx.update(r).set({ plan: sql`w.plan` }).from(sql`(${known}) as w`).where(sql`w.tenant = ${r.tenant} and w.plan <> ${r.plan}`);
}

/** Tenants with a row that time has changed, those longest due first. */
export async function dueTenants(q: Queries, { usageLevels: l }: Schema, now: Instant, size: number): Promise<string[]> {
  const rows = await q
    .select({ tenant: l.tenant })
    .from(l)
    .where(lte(l.dueAt, new Date(now)))
    .orderBy(asc(l.dueAt))
    .limit(size);
  return [...new Set(rows.map(({ tenant }) => tenant))];
}

/** Tenants with usage totals written since a cursor of `totalsReader`, at most `size`. */
export async function tenantsUsedSince(q: Queries, { usageTotals: u }: Schema, cursor: string, size: number): Promise<string[]> {
  const isNew = isOnPostgres(u)
    ? sql`${u.writtenBy} >= pg_snapshot_xmin(${cursor}::pg_snapshot)::text::bigint
        and not pg_visible_in_snapshot(${u.writtenBy}::text::xid8, ${cursor}::pg_snapshot)`
    : gt(u.writtenBy, Number(cursor));
  return (await q.selectDistinct({ tenant: u.tenant }).from(u).where(isNew).limit(size)).map(({ tenant }) => tenant);
}

export type FactsChange = { seq: number; kind: "tenant" | "catalogue"; subject: string; at: Instant };

/** Changes of tenants and the catalogue after a number, in order. */
export async function factsChangesAfter(q: Queries, { changes: c }: Schema, seq: number, size: number): Promise<FactsChange[]> {
  const rows = await q
    .select({ seq: c.seq, kind: c.kind, subject: c.subject, at: c.at })
    .from(c)
    .where(and(gt(c.seq, seq), inArray(c.kind, ["tenant", "catalogue"])))
    .orderBy(asc(c.seq))
    .limit(size);
  return rows.map((row) => ({ ...row, at: row.at.getTime() }) as FactsChange);
}

/** The oldest number of the feed, or null. Older changes were deleted. */
export async function oldestChange(q: Queries, { changes: c }: Schema): Promise<number | null> {
  const [row] = await q.select({ seq: c.seq }).from(c).orderBy(asc(c.seq)).limit(1);
  return row?.seq ?? null;
}
