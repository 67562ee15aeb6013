import { and, eq, or, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type Counter, type CounterPeriod, counterOfTenantId, shownUsed } from "~/core/decision/usage";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";

/** A counter's displayed total. The larger `version` of two readings is newer. */
export type Total = Counter & { used: number; version: number };

export const counterColumns = ["tenant", "feature", "periodKind", "periodStart"] as const;
/** The sum is read as text, because driver numbers are exact only up to 2^53. */
const asShown = (sum: SQL) => sum.mapWith((text: string) => shownUsed(BigInt(text)));
export const usedText = ({ usageTotals: u }: Schema) => sql<string>`cast(${u.used} as text)`;
export const totalColumns = (t: Schema) => {
  const { tenant, feature, periodKind, periodStart, version } = t.usageTotals;
  return { tenant, feature, periodKind, periodStart, version, used: asShown(usedText(t)) as SQL<number> };
};
/** Joins a table with `wanted`, rows of counters. */
export const isWanted = ({ tenant, feature, periodKind, periodStart }: { [Name in (typeof counterColumns)[number]]: SQLWrapper }) =>
  sql`wanted.tenant = ${tenant} and wanted.feature = ${feature} and wanted.period_kind = ${periodKind} and wanted.period_start = ${periodStart}`;

/** By period, because a condition per counter costs 5 ms at 300 metered features. There are few kinds of periods. */
function isIn({ usageTotals: u }: Schema, tenant: string, periods: CounterPeriod[]) {
  const any = periods.map((p) => and(eq(u.periodKind, p.periodKind), eq(u.periodStart, p.periodStart)));
  return and(eq(u.tenant, tenant), or(...any));
}

/** All totals of a tenant in these periods. */
export async function readTotals(q: Queries, t: Schema, tenant: string, periods: CounterPeriod[]): Promise<Total[]> {
  if (periods.length === 0) return [];
  return q
    .select(totalColumns(t))
    .from(t.usageTotals)
    .where(isIn(t, tenant, periods));
}

/** Variant for counters of any tenants; counters never written are omitted. */
export async function readTotalsOf(q: Queries, t: Schema, counters: Counter[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  const u = t.usageTotals;
  const wanted = rowsAsOne(u, counters, [...counterColumns]);
  return q.select(totalColumns(t)).from(u).innerJoin(sql`(${wanted}) as wanted`, isWanted(u));
}

/** Counters at an instant, if changes are known from `knownSince` on; otherwise null. */
export async function readTotalsAt(
  q: Queries,
  t: Schema,
  tenant: string,
  counters: Omit<Counter, "tenant">[],
  at: Instant,
  knownSince: Instant,
): Promise<(Counter & { used: number | null })[]> {
  if (counters.length === 0) return [];
  const { usageTotals: u, usageHistory: h } = t;
  const isLater = sql`h.at > ${sql.param(new Date(at), h.at)}`;
  const ofIt = sql`h.tenant = usage_totals.tenant and h.feature = usage_totals.feature and h.period_kind = usage_totals.period_kind and h.period_start = usage_totals.period_start`;
  const before = sql<
    number | null
  >`(select coalesce(h.used_before, ${unknown}) from usage_history h where ${ofIt} and ${isLater} order by h.at limit 1)`;
  const rows = await q
    .select({ ...totalColumns(t), updatedAt: u.updatedAt, before: before.mapWith(Number) })
    .from(u)
    .where(isIn(t, tenant, [...new Map(counters.map((c) => [`${c.periodKind}\n${c.periodStart}`, c])).values()]));
  const wanted = new Set(counters.map(counterOfTenantId));
  return rows
    .filter((row) => wanted.has(counterOfTenantId(row)))
    .map(({ used, updatedAt, before, version: _, ...counter }) => {
      if (updatedAt.getTime() <= at) return { ...counter, used };
      if (at < knownSince || before === unknown) return { ...counter, used: null };
      return { ...counter, used: before ?? used };
    });
}

const unknown = -1;
