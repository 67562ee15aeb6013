import { and, count, desc, eq, gte, inArray, isNull, notExists, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { BoundedCount } from "~/core/bounded-count";
import type { Instant } from "~/core/model";
import { fullLimit, nearLimit } from "~/core/usage/limit-fill";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";
import { isLiveAt } from "./grant-lifetime";

/** Counting stops after this many rows of an index. */
export const maxCounted = 10_000;

const bounded = (tenants: number, rows = tenants): BoundedCount => ({
  tenants: Math.min(tenants, maxCounted),
  bound: rows > maxCounted ? "at_least" : "exact",
});

/** A feature, and the instant at which grants are live. */
export type FeatureAt = { feature: string; now: Instant };

/**
 * A column of a found tenant. Looked up one by one, because with a join PostgreSQL reads all tenants for a few thousand.
 */
const ofTenant = (q: Queries, { tenants }: Schema, column: "status" | "plan", tenant: SQLiteColumn): SQL =>
  sql`(${q.select({ value: tenants[column] }).from(tenants).where(eq(tenants.key, tenant))})`;

const isActive = (q: Queries, t: Schema, tenant: SQLiteColumn): SQL => sql`${ofTenant(q, t, "status", tenant)} = 'active'`;

/** Active, and without a live override of the feature, which would decide in place of other sources. */
function isOpen(q: Queries, t: Schema, { feature, now }: FeatureAt, tenant: SQLiteColumn): SQL | undefined {
  const g = t.grants;
  const overridden = q
    .select({ id: g.id })
    .from(g)
    .where(and(eq(g.feature, feature), eq(g.tenant, tenant), eq(g.kind, "override"), isLiveAt(g, now)));
  return and(isActive(q, t, tenant), notExists(overridden));
}

const oneWhere = (condition: SQL | undefined) => sql<number>`sum(case when ${condition} then 1 else 0 end)`;

/** Active tenants with at least one of these add-ons. */
export async function tenantsWithAddOns(q: Queries, t: Schema, of: FeatureAt, addOns: readonly string[]): Promise<BoundedCount> {
  const a = t.tenantAddOns;
  if (addOns.length === 0) return bounded(0);
  const found = q
    .select({ tenant: a.tenant })
    .from(a)
    .where(inArray(a.plan, [...addOns]))
    .limit(maxCounted + 1)
    .as("found");
  const isCounted = isOpen(q, t, of, found.tenant);
  const [row] = await q
    .select({ rows: count(), tenants: sql<number>`count(distinct case when ${isCounted} then ${found.tenant} end)` })
    .from(found);
  return bounded(Number(row?.tenants ?? 0), Number(row?.rows ?? 0));
}

/** A feature's live grants of one kind. A tenant has at most one. */
function liveGrants(q: Queries, { grants: g }: Schema, { feature, now }: FeatureAt, kind: "trial" | "override", isEndless: boolean) {
  const end = grantEnd(g);
  const ends = isEndless ? isNull(end) : sql`${end} > ${sql.param(new Date(now), g.startsAt)}`;
  return q
    .select({ tenant: g.tenant, effect: g.effect })
    .from(g)
    .where(and(eq(g.kind, kind), eq(g.feature, feature), ends, isLiveAt(g, now)))
    .limit(maxCounted + 1)
    .as("found");
}

/** Active tenants with a live trial. */
export async function tenantsWithTrial(q: Queries, t: Schema, of: FeatureAt): Promise<BoundedCount> {
  const found = liveGrants(q, t, of, "trial", false);
  const [row] = await q.select({ rows: count(), tenants: oneWhere(isOpen(q, t, of, found.tenant)) }).from(found);
  return bounded(Number(row?.tenants ?? 0), Number(row?.rows ?? 0));
}

export type OverrideCounts = { allow: BoundedCount; deny: BoundedCount; ofPlans: BoundedCount };

/** Active tenants with a live override, by its effect, and those of them on one of these plans. */
export async function tenantsWithOverride(q: Queries, t: Schema, of: FeatureAt, plans: readonly string[]): Promise<OverrideCounts> {
  const sums = { allow: 0, deny: 0, ofPlans: 0, rows: 0 };
  for (const isEndless of [true, false]) {
    const found = liveGrants(q, t, of, "override", isEndless);
    const active = isActive(q, t, found.tenant);
    const hasPlan = plans.length === 0 ? sql`1 = 0` : inArray(ofTenant(q, t, "plan", found.tenant), [...plans]);
    const rows = await q
      .select({ effect: found.effect, rows: count(), tenants: oneWhere(active), ofPlans: oneWhere(and(active, hasPlan)) })
      .from(found)
      .groupBy(found.effect);
    for (const { effect, rows: all, tenants, ofPlans } of rows) {
      sums.rows += Number(all);
      sums[effect === "deny" ? "deny" : "allow"] += Number(tenants);
      sums.ofPlans += Number(ofPlans);
    }
  }
  return { allow: bounded(sums.allow, sums.rows), deny: bounded(sums.deny, sums.rows), ofPlans: bounded(sums.ofPlans, sums.rows) };
}

export type FillCounts = { full: BoundedCount; near: BoundedCount };

/** Active tenants whose use of a metered feature is at its limit, and nearly or over, from the fullest down. Kept figures. */
export async function tenantsNearLimit(q: Queries, t: Schema, feature: string): Promise<FillCounts> {
  const l = t.usageLevels;
  const found = q
    .select({ tenant: l.tenant, fill: l.fill })
    .from(l)
    .where(and(eq(l.feature, feature), gte(l.fill, nearLimit)))
    .orderBy(desc(l.fill), desc(l.tenant))
    .limit(maxCounted + 1)
    .as("found");
  const active = isActive(q, t, found.tenant);
  const [row] = await q
    .select({
      rows: count(),
      near: oneWhere(active),
      full: oneWhere(and(active, gte(found.fill, fullLimit))),
      fullRows: oneWhere(gte(found.fill, fullLimit)),
    })
    .from(found);
  return {
    full: bounded(Number(row?.full ?? 0), Number(row?.fullRows ?? 0)),
    near: bounded(Number(row?.near ?? 0), Number(row?.rows ?? 0)),
  };
}

/** Tenants to which a feature was refused since a day (YYYY-MM-DD). Kept figures. */
export async function tenantsRefused(q: Queries, { refusedTenants: r }: Schema, feature: string, from: string): Promise<BoundedCount> {
  const found = q
    .select({ tenant: r.tenant })
    .from(r)
    .where(and(eq(r.feature, feature), gte(r.lastDay, from)))
    .limit(maxCounted + 1)
    .as("found");
  return bounded(Number((await q.select({ tenants: count() }).from(found))[0]?.tenants ?? 0));
}

export type FeatureDay = { feature: string; day: string; allowed: boolean; count: number };

/** Checks of these features per day and outcome since a day. Kept figures. */
export async function checksOfFeatureByDay(
  q: Queries,
  { featureDaily: f }: Schema,
  features: readonly string[],
  from: string,
): Promise<FeatureDay[]> {
  const rows = await q
    .select({ feature: f.feature, day: f.day, allowed: f.allowed, count: sql<number>`sum(${f.count})` })
    .from(f)
    .where(and(inArray(f.feature, [...features]), gte(f.day, from)))
    .groupBy(f.feature, f.day, f.allowed);
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
