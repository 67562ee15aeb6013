import { and, desc, eq, gte, inArray, max, min, type SQL, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "../database";
import { rowsInBatches } from "../json-row-batches";
import { rowsAsOne, selectedFrom } from "../json-rows";
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

/** Rows per transaction, for which other writers wait. */
export const countBatchSize = 1_000;

export type AddCheckCounts = (counts: CheckCount[]) => Promise<void>;

/** Adds counts, all or none, at most `countBatchSize`. Nobody waits for it. */
export function addingCheckCounts(db: Database): AddCheckCounts {
  const { checkCounts: t } = db.tables;
  const add = db.prepareAside((q, piece) => adding(q, db.tables, selectedFrom(piece, t)));
  return async (counts) => add(await rowsInBatches(t, inOrder(counts), rowOf));
}

/** In the caller's transaction. */
export async function putCheckCounts(tx: Queries, t: Schema, counts: CheckCount[]): Promise<void> {
  await inBatches(inOrder(counts), async (batch) => await adding(tx, t, rowsAsOne(t.checkCounts, batch.map(rowOf))));
}

const rowOf = (c: CheckCount) => ({ ...c, firstAt: new Date(c.firstAt), lastAt: new Date(c.lastAt), counted: 0, pending: true });

function adding(q: Queries, { checkCounts: t }: Schema, rows: SQL) {
  return q
    .insert(t)
    .select(rows)
    .onConflictDoUpdate({
      target: [t.tenant, t.day, t.feature, t.allowed, t.source],
      set: { count: sql`${t.count} + excluded.count`, lastAt: sql`excluded.last_at`, pending: sql`excluded.pending` },
    });
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** One global order prevents deadlocks between processes that add to the same rows. */
function inOrder(counts: CheckCount[]): CheckCount[] {
  return [...counts].sort(
    (a, b) =>
      byText(a.tenant, b.tenant) ||
      byText(a.feature, b.feature) ||
      byText(a.day, b.day) ||
      byText(a.source, b.source) ||
      Number(a.allowed) - Number(b.allowed),
  );
}

export type DayCount = { day: string; allowed: boolean; count: number };
export type FeatureCount = { feature: string; allowed: number; refused: number; firstAt: Instant; lastAt: Instant };

/** A tenant's checks per day since `since` (YYYY-MM-DD). Days without checks are omitted. */
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

/** Per feature, most checked first. */
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

/** Features that a tenant asked for and was refused since `since`, most refused first. */
export async function refusedFeatures(q: Queries, t: Schema, tenant: string, since: string, limit: number) {
  const c = t.checkCounts;
  const count = sql<number>`sum(${c.count})`;
  const rows = await q
    .select({ feature: c.feature, count })
    .from(c)
    .where(and(eq(c.tenant, tenant), gte(c.day, since), eq(c.allowed, false)))
    .groupBy(c.feature)
    .orderBy(desc(count), c.feature)
    .limit(limit);
  return rows.map((r) => ({ feature: r.feature, count: Number(r.count) }));
}

export type RefusedFeature = { feature: string; refused: number; byDay: Map<string, number> };

/** The features that a tenant was refused most since a day, at most `max`, with refusals per day. */
export async function topRefusedFeatures(q: Queries, t: Schema, tenant: string, since: string, max: number): Promise<RefusedFeature[]> {
  const top = await refusedFeatures(q, t, tenant, since, max);
  if (top.length === 0) return [];
  const c = t.checkCounts;
  const names = top.map((row) => row.feature);
  const days = await q
    .select({ feature: c.feature, day: c.day, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(eq(c.tenant, tenant), gte(c.day, since), eq(c.allowed, false), inArray(c.feature, names)))
    .groupBy(c.feature, c.day);
  return top.map(({ feature, count }) => {
    const own = days.filter((row) => row.feature === feature);
    return { feature, refused: count, byDay: new Map(own.map((row) => [row.day, Number(row.count)])) };
  });
}

export type SourceCount = { source: string; allowed: boolean; count: number };

/** A tenant's checks per source and outcome, most first. */
export async function countsBySource(q: Queries, t: Schema, tenant: string, since: string): Promise<SourceCount[]> {
  const c = t.checkCounts;
  const rows = await q
    .select({ source: c.source, allowed: c.allowed, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(eq(c.tenant, tenant), gte(c.day, since)))
    .groupBy(c.source, c.allowed);
  return rows.map((row) => ({ ...row, count: Number(row.count) })).sort((a, b) => b.count - a.count);
}

/** A tenant's checks of these features per day. */
export async function countsOfFeatures(q: Queries, t: Schema, tenant: string, features: string[], since: string) {
  if (features.length === 0) return [];
  const c = t.checkCounts;
  const rows = await q
    .select({ feature: c.feature, day: c.day, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(eq(c.tenant, tenant), inArray(c.feature, features), gte(c.day, since)))
    .groupBy(c.feature, c.day);
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** Checks by name of each of these features since a day, over all tenants. */
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
