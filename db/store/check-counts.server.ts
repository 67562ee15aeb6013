import { and, desc, eq, gte, inArray, max, min, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

export type CheckCount = {
  tenant: string;
  day: string;
  feature: string;
  allowed: boolean;
  source: string;
  count: number;
  firstAt: Instant;
  lastAt: Instant;
};

export async function addCheckCounts(db: Database, counts: CheckCount[]): Promise<void> {
  await db.transaction([], (tx) => putCheckCounts(tx, db.tables, counts));
}

/** Inside the caller's transaction. */
export async function putCheckCounts(tx: Queries, { checkCounts: t }: Schema, counts: CheckCount[]): Promise<void> {
  // In one order everywhere: two processes that add to the same rows must not wait for each other.
  const keyOf = (c: CheckCount) => [c.tenant, c.day, c.feature, c.allowed, c.source].join("\n");
  const inOrder = counts.map((c) => ({ key: keyOf(c), c })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const rows = inOrder.map(({ c }) => ({ ...c, firstAt: new Date(c.firstAt), lastAt: new Date(c.lastAt) }));
  await inBatches(rows, (batch) =>
    tx
      .insert(t)
      .values(batch)
      .onConflictDoUpdate({
        target: [t.tenant, t.day, t.feature, t.allowed, t.source],
        set: { count: sql`${t.count} + excluded.count`, lastAt: sql`excluded.last_at` },
      }),
  );
}

export type DayCount = { day: string; allowed: boolean; count: number };
export type FeatureCount = { feature: string; allowed: number; refused: number; firstAt: Instant; lastAt: Instant };

/** Checks of one tenant by day since `since` (YYYY-MM-DD), days without any left out. */
export async function countsByDay(q: Queries, t: Schema, tenant: string, since: string): Promise<DayCount[]> {
  const c = t.checkCounts;
  const rows = await q
    .select({ day: c.day, allowed: c.allowed, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(eq(c.tenant, tenant), gte(c.day, since)))
    .groupBy(c.day, c.allowed)
    .orderBy(c.day);
  return rows.map((r) => ({ ...r, count: Number(r.count) }));
}

/** The same by feature, most asked first. */
export async function countsByFeature(q: Queries, t: Schema, tenant: string, since: string): Promise<FeatureCount[]> {
  const c = t.checkCounts;
  const total = sql<number>`sum(${c.count})`;
  const allowed = sql<number>`sum(case when ${c.allowed} then ${c.count} else 0 end)`;
  const rows = await q
    .select({ feature: c.feature, total, allowed, firstAt: min(c.firstAt), lastAt: max(c.lastAt) })
    .from(c)
    .where(and(eq(c.tenant, tenant), gte(c.day, since)))
    .groupBy(c.feature)
    .orderBy(desc(total), c.feature);
  return rows.map((r) => ({
    feature: r.feature,
    allowed: Number(r.allowed),
    refused: Number(r.total) - Number(r.allowed),
    firstAt: Number(r.firstAt),
    lastAt: Number(r.lastAt),
  }));
}

/** How often each of these features was asked for by name since a day, over all tenants. */
export async function checksOfFeatures(q: Queries, t: Schema, features: string[], since: string): Promise<Map<string, number>> {
  if (features.length === 0) return new Map();
  const c = t.checkCounts;
  const rows = await q
    .select({ feature: c.feature, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(gte(c.day, since), inArray(c.feature, features)))
    .groupBy(c.feature);
  return new Map(rows.map((r) => [r.feature, Number(r.count)]));
}
