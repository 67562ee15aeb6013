import { and, asc, count, countDistinct, desc, eq, gt, gte, inArray, or } from "drizzle-orm";
import type { Instant, ResetPeriod } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Tenants checked for any of these features since a day (YYYY-MM-DD), from at most `maxRows` of an index: of one feature, the newest. */
export async function countCheckedTenants(q: Queries, t: Schema, features: string[], since: string, maxRows: number) {
  const c = t.checkCounts;
  const [only, ...others] = features;
  if (only === undefined) return { tenants: 0, isLowerBound: false };
  const found = q.select({ tenant: c.tenant }).from(c);
  const isOne = others.length === 0;
  const rows = (
    isOne
      ? found.where(and(eq(c.feature, only), gte(c.day, since))).orderBy(desc(c.day))
      : found.where(and(inArray(c.feature, features), gte(c.day, since)))
  )
    .limit(maxRows)
    .as("checked");
  const [counted] = await q.select({ tenants: countDistinct(rows.tenant), rows: count() }).from(rows);
  return { tenants: Number(counted?.tenants ?? 0), isLowerBound: Number(counted?.rows ?? 0) === maxRows };
}

/** Counters of a feature above a total, whose period begins at `since` or later: at most `size`. */
export async function countersAbove(
  q: Queries,
  { usageTotals: u }: Schema,
  counter: { feature: string; periodKind: ResetPeriod; since: number; above: number },
  size: number,
): Promise<{ tenant: string; periodStart: number }[]> {
  const { feature, periodKind, since, above } = counter;
  return q
    .select({ tenant: u.tenant, periodStart: u.periodStart })
    .from(u)
    .where(and(eq(u.feature, feature), eq(u.periodKind, periodKind), gte(u.periodStart, since), gt(u.used, above)))
    .limit(size);
}

/** A counter above 0, and where its tenant's reset periods begin. */
export type UsedCounter = { tenant: string; periodStart: number; usageAnchor: Instant | null };

/** Counters of a feature that are above 0 and whose period begins at `since` or later, in the order of an index. */
export async function usedCounters(
  q: Queries,
  t: Schema,
  counter: { feature: string; periodKind: ResetPeriod; since: number },
  after: Pick<UsedCounter, "tenant" | "periodStart"> | undefined,
  size: number,
): Promise<UsedCounter[]> {
  const { usageTotals: u, tenants } = t;
  const from = after ? Math.max(after.periodStart, counter.since) : counter.since;
  const rows = await q
    .select({ tenant: u.tenant, periodStart: u.periodStart, usageAnchor: tenants.usageAnchor })
    .from(u)
    .innerJoin(tenants, eq(tenants.key, u.tenant))
    .where(
      and(
        eq(u.feature, counter.feature),
        eq(u.periodKind, counter.periodKind),
        gte(u.periodStart, from),
        after && or(gt(u.periodStart, after.periodStart), gt(u.tenant, after.tenant)),
        gt(u.used, 0),
      ),
    )
    .orderBy(asc(u.periodStart), asc(u.tenant))
    .limit(size);
  return rows.map(({ usageAnchor, ...row }) => ({ ...row, usageAnchor: usageAnchor?.getTime() ?? null }));
}
