import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { type CounterSum, distinctPeriods } from "~/core/decision/counters";
import { type Counter, type CounterPeriod, counterOfTenantId } from "~/core/decision/usage";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** A counter's sum. The larger `version` of two readings is newer. */
export type Total = Counter & CounterSum & { version: number };

export const counterColumns = ["tenant", "feature", "periodKind", "periodStart"] as const;
/** Sums are read as text, because driver numbers are exact only up to 2^53. */
const sumOf = (column: SQLWrapper): SQL<bigint> => sql`cast(${column} as text)`.mapWith(BigInt);
export const totalColumns = (t: Schema) => {
  const { tenant, feature, periodKind, periodStart, version, used, setAt } = t.usageTotals;
  const setAtMs: SQL<Instant | null> = sql`${setAt}`.mapWith((value) => (setAt.mapFromDriverValue(value) as Date).getTime());
  return { tenant, feature, periodKind, periodStart, version, sum: sumOf(used), setAt: setAtMs };
};
/** Joins a table with `wanted`, rows of counters. */
export const isWanted = ({ tenant, feature, periodKind, periodStart }: { [Name in (typeof counterColumns)[number]]: SQLWrapper }) =>
  sql`wanted.tenant = ${tenant} and wanted.feature = ${feature} and wanted.period_kind = ${periodKind} and wanted.period_start = ${periodStart}`;

type TenantPeriod = Pick<Counter, "tenant"> & CounterPeriod;
const periodColumns = ["tenant", "periodKind", "periodStart"] as const;

/** By period, because a row per counter costs 5 ms at 300 metered features. There are few kinds of periods. */
function wantedPeriods({ usageTotals: u }: Schema, periods: TenantPeriod[]) {
  const isOf = sql`wanted.tenant = ${u.tenant} and wanted.period_kind = ${u.periodKind} and wanted.period_start = ${u.periodStart}`;
  return [sql`(${rowsAsOne(u, periods, [...periodColumns])}) as wanted`, isOf] as const;
}

/** All totals of these tenants and periods. */
export async function readPeriodTotals(q: Queries, t: Schema, periods: TenantPeriod[]): Promise<Total[]> {
  const found: Total[] = [];
  await inBatches(periods, async (batch) => {
    const [wanted, isOf] = wantedPeriods(t, batch);
    found.push(...(await q.select(totalColumns(t)).from(wanted).innerJoin(t.usageTotals, isOf)));
  });
  return found;
}

/** Variant for one tenant. */
export const readTotals = (q: Queries, t: Schema, tenant: string, periods: CounterPeriod[]): Promise<Total[]> => {
  const ofTenant = periods.map((period) => ({ tenant, ...period }));
  return readPeriodTotals(q, t, ofTenant);
};

/** Variant for counters of any tenants; counters never written are omitted. */
export async function readTotalsOf(q: Queries, t: Schema, counters: Counter[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  const u = t.usageTotals;
  const wanted = rowsAsOne(u, counters, [...counterColumns]);
  return q.select(totalColumns(t)).from(u).innerJoin(sql`(${wanted}) as wanted`, isWanted(u));
}

/** A counter's sum at an instant; null if it is not known. */
export type SumThen = Counter & { total: CounterSum | null };

/** Counters at an instant, if changes are known from `knownSince` on. */
export async function readTotalsAt(
  q: Queries,
  t: Schema,
  tenant: string,
  counters: Omit<Counter, "tenant">[],
  at: Instant,
  knownSince: Instant,
): Promise<SumThen[]> {
  if (counters.length === 0) return [];
  const { usageTotals: u, usageHistory: h } = t;
  const isLater = sql`h.at > ${sql.param(new Date(at), h.at)}`;
  const ofIt = sql`h.tenant = usage_totals.tenant and h.feature = usage_totals.feature and h.period_kind = usage_totals.period_kind and h.period_start = usage_totals.period_start`;
  const before = (value: SQL) => sql`(select ${value} from usage_history h where ${ofIt} and ${isLater} order by h.at limit 1)`;
  const sumBefore: SQL<string | null> = before(sql`coalesce(cast(h.used_before as text), ${unknown})`).mapWith(String);
  const hadSet: SQL<boolean | null> = before(sql`h.had_set`).mapWith(Boolean);
  const periods = distinctPeriods(counters).map((period) => ({ tenant, ...period }));
  const [wantedRows, isOf] = wantedPeriods(t, periods);
  const rows = await q
    .select({ ...totalColumns(t), updatedAt: u.updatedAt, sumBefore, hadSet })
    .from(wantedRows)
    .innerJoin(u, isOf);
  const wanted = new Set(counters.map(counterOfTenantId));
  return rows
    .filter((row) => wanted.has(counterOfTenantId(row)))
    .map(({ sum, setAt, updatedAt, sumBefore, hadSet, version: _, ...counter }) => {
      if (updatedAt.getTime() <= at) return { ...counter, total: { sum, setAt } };
      if (at < knownSince || sumBefore === unknown) return { ...counter, total: null };
      if (sumBefore === null) return { ...counter, total: { sum, setAt } };
      return { ...counter, total: { sum: BigInt(sumBefore), setAt: hadSet ? setAt : null } };
    });
}

const unknown = "unknown";
