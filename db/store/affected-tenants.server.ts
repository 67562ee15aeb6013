import { and, asc, count, eq, gt, inArray, isNull, lte, type SQL } from "drizzle-orm";
import type { FlagReading, Instant, TenantFacts, TenantStatus } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { isNotOverAt } from "./grant-lifetime";
import { grantOf } from "./grants.server";

/** Tenants with the same plan and status. */
export type TenantGroup = { plan: string | null; status: TenantStatus; tenants: number };

/** Counts every tenant by plan and status, in one pass over an index. */
export async function countTenantGroups(q: Queries, t: Schema): Promise<TenantGroup[]> {
  const { plan, status } = t.tenants;
  const rows = await q.select({ plan, status, tenants: count() }).from(t.tenants).groupBy(plan, status);
  return rows.map((row) => ({ ...row, tenants: Number(row.tenants) }));
}

/** Tenants with one of these plans, and with one of them as an add-on. A tenant may count more than once. */
export async function countTenantsHaving(q: Queries, t: Schema, plans: readonly string[]): Promise<number> {
  if (plans.length === 0) return 0;
  const [base] = await q
    .select({ n: count() })
    .from(t.tenants)
    .where(inArray(t.tenants.plan, [...plans]));
  const [added] = await q
    .select({ n: count() })
    .from(t.tenantAddOns)
    .where(inArray(t.tenantAddOns.plan, [...plans]));
  return Number(base?.n ?? 0) + Number(added?.n ?? 0);
}

/**
 * Tenants that have a grant of a feature, a plan, or an add-on, or for which PostHog has given a flag's value; those with
 * a scheduled change that is due and not in rows yet; all.
 */
export type TenantSource = { feature: string } | { plan: string } | { addOn: string } | { flag: string } | { all: "due" | "tenants" };

/** Keys of the source's tenants in ascending order from an index: at most `size`, after `after`. */
export async function tenantKeysOf(q: Queries, t: Schema, source: TenantSource, after: string, size: number, now: Instant) {
  const { tenants, grants: g, tenantAddOns: a, flagValues: f, scheduledChanges: s } = t;
  const { key } = tenants;
  const ofPlan = async (plan: SQL | undefined) =>
    q
      .select({ tenant: key })
      .from(tenants)
      .where(and(plan, gt(key, after)))
      .orderBy(asc(key))
      .limit(size);
  const find = async () => {
    if ("plan" in source) return ofPlan(eq(tenants.plan, source.plan));
    if ("all" in source && source.all === "tenants") return ofPlan(undefined);
    if ("all" in source) {
      const isDue = and(lte(s.at, new Date(now)), isNull(s.problem), gt(s.tenant, after));
      return q.selectDistinct({ tenant: s.tenant }).from(s).where(isDue).orderBy(asc(s.tenant)).limit(size);
    }
    if ("feature" in source) {
      const isGranted = and(eq(g.feature, source.feature), gt(g.tenant, after), isNotOverAt(g, now));
      return q.selectDistinct({ tenant: g.tenant }).from(g).where(isGranted).orderBy(asc(g.tenant)).limit(size);
    }
    if ("addOn" in source) {
      const hasIt = and(eq(a.plan, source.addOn), gt(a.tenant, after));
      return q.select({ tenant: a.tenant }).from(a).where(hasIt).orderBy(asc(a.tenant)).limit(size);
    }
    const hasValue = and(eq(f.flag, source.flag), gt(f.tenant, after));
    return q.select({ tenant: f.tenant }).from(f).where(hasValue).orderBy(asc(f.tenant)).limit(size);
  };
  return (await find()).map((row) => row.tenant);
}

/** Upper bound of the source's tenants after `after`; ended grants count too. */
export async function countTenantsOf(
  q: Queries,
  t: Schema,
  source: Exclude<TenantSource, { plan: string } | { all: string }>,
  after: string,
): Promise<number> {
  const { grants: g, tenantAddOns: a, flagValues: f } = t;
  const [table, rows] =
    "feature" in source
      ? [g, and(eq(g.feature, source.feature), gt(g.tenant, after))]
      : "addOn" in source
        ? [a, and(eq(a.plan, source.addOn), gt(a.tenant, after))]
        : [f, and(eq(f.flag, source.flag), gt(f.tenant, after))];
  const [row] = await q.select({ n: count() }).from(table).where(rows);
  return Number(row?.n ?? 0);
}

/** A tenant as decisions read it, with the last values of flags. */
export type AffectedTenant = { tenant: TenantFacts; flags: Map<string, FlagReading> };

/** With more features, every grant of the tenants is read instead of listing features in the statement. */
const maxNamedFeatures = 500;

/** The parts that decisions on these features and flags read of these tenants. */
export async function readForImpact(
  q: Queries,
  t: Schema,
  keys: string[],
  { features, flags }: { features: ReadonlySet<string>; flags: readonly string[] },
): Promise<AffectedTenant[]> {
  if (keys.length === 0) return [];
  const { tenants, tenantAddOns: a, grants: g } = t;
  const { key, status, plan } = tenants;
  const rows = await q.select({ key, status, plan }).from(tenants).where(inArray(key, keys));
  const addOns = await q.select().from(a).where(inArray(a.tenant, keys)).orderBy(asc(a.addedAt));
  const isNamed = features.size <= maxNamedFeatures ? inArray(g.feature, [...features]) : undefined;
  const granted = await q
    .select()
    .from(g)
    .where(and(inArray(g.tenant, keys), isNamed));
  const readings = await readLastFlagReadings(q, t, keys, flags);
  const found = new Map<string, AffectedTenant>();
  for (const row of rows) {
    const tenant = { ...row, revision: 0, name: row.key, metadata: {}, createdAt: 0, addOns: [], grants: [] };
    found.set(row.key, { tenant, flags: new Map() });
  }
  for (const { tenant, plan, addedAt } of addOns) found.get(tenant)?.tenant.addOns.push({ plan, addedAt: addedAt.getTime() });
  for (const row of granted) if (features.has(row.feature)) found.get(row.tenant)?.tenant.grants.push(grantOf(row));
  for (const [tenant, ofTenant] of readings) {
    const one = found.get(tenant);
    if (one) one.flags = ofTenant;
  }
  return [...found.values()];
}

/** The last value of these flags per tenant, as if PostHog had just given it. */
export async function readLastFlagReadings(q: Queries, { flagValues: f }: Schema, keys: string[], flags: readonly string[]) {
  const found = new Map<string, Map<string, FlagReading>>();
  if (flags.length === 0) return found;
  const isOne = and(inArray(f.tenant, keys), inArray(f.flag, [...flags]));
  for (const { tenant, flag, state, payload, variant } of await q.select().from(f).where(isOne)) {
    const reading = { state, ...(payload === null ? {} : { payload }), ...(variant === null ? {} : { variant }) };
    found.set(tenant, (found.get(tenant) ?? new Map<string, FlagReading>()).set(flag, reading));
  }
  return found;
}
