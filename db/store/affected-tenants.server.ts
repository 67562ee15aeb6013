import { and, asc, count, eq, gt, inArray } from "drizzle-orm";
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

/** Tenants that have a grant of a feature, that have an add-on, or for which PostHog has given a flag's value. */
export type TenantSource = { feature: string } | { addOn: string } | { flag: string };

/** Keys of the source's tenants in ascending order from an index: at most `size`, after `after`. */
export async function tenantKeysOf(q: Queries, t: Schema, source: TenantSource, after: string, size: number, now: Instant) {
  const { grants: g, tenantAddOns: a, flagValues: f } = t;
  const rows =
    "feature" in source
      ? await q
          .selectDistinct({ tenant: g.tenant })
          .from(g)
          .where(and(eq(g.feature, source.feature), gt(g.tenant, after), isNotOverAt(g, now)))
          .orderBy(asc(g.tenant))
          .limit(size)
      : "addOn" in source
        ? await q
            .select({ tenant: a.tenant })
            .from(a)
            .where(and(eq(a.plan, source.addOn), gt(a.tenant, after)))
            .orderBy(asc(a.tenant))
            .limit(size)
        : await q
            .select({ tenant: f.tenant })
            .from(f)
            .where(and(eq(f.flag, source.flag), gt(f.tenant, after)))
            .orderBy(asc(f.tenant))
            .limit(size);
  return rows.map((row) => row.tenant);
}

/** Upper bound of the source's tenants after `after`; ended grants count too. */
export async function countTenantsOf(q: Queries, t: Schema, source: TenantSource, after: string): Promise<number> {
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
  const { tenants, tenantAddOns: a, grants: g, flagValues: f } = t;
  const { key, status, plan } = tenants;
  const rows = await q.select({ key, status, plan }).from(tenants).where(inArray(key, keys));
  const addOns = await q.select().from(a).where(inArray(a.tenant, keys)).orderBy(asc(a.addedAt));
  const isNamed = features.size <= maxNamedFeatures ? inArray(g.feature, [...features]) : undefined;
  const granted = await q
    .select()
    .from(g)
    .where(and(inArray(g.tenant, keys), isNamed));
  const values =
    flags.length === 0
      ? []
      : await q
          .select()
          .from(f)
          .where(and(inArray(f.tenant, keys), inArray(f.flag, [...flags])));
  const found = new Map<string, AffectedTenant>();
  for (const row of rows) {
    const tenant = { ...row, revision: 0, name: row.key, metadata: {}, createdAt: 0, addOns: [], grants: [] };
    found.set(row.key, { tenant, flags: new Map() });
  }
  for (const { tenant, plan, addedAt } of addOns) found.get(tenant)?.tenant.addOns.push({ plan, addedAt: addedAt.getTime() });
  for (const row of granted) if (features.has(row.feature)) found.get(row.tenant)?.tenant.grants.push(grantOf(row));
  for (const { tenant, flag, state, payload, variant } of values) {
    const reading = { state, ...(payload === null ? {} : { payload }), ...(variant === null ? {} : { variant }) };
    found.get(tenant)?.flags.set(flag, reading);
  }
  return [...found.values()];
}
