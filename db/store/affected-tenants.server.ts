import { and, asc, count, eq, gt, inArray, isNull, or } from "drizzle-orm";
import type { Grant, Instant, TenantFacts, TenantStatus } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantOf } from "./grants.server";

/** Tenants with the same plan and status. */
export type TenantGroup = { plan: string | null; status: TenantStatus; tenants: number };

/** Counts every tenant by plan and status, in one pass over an index. */
export async function countTenantGroups(q: Queries, t: Schema): Promise<TenantGroup[]> {
  const { plan, status } = t.tenants;
  const rows = await q.select({ plan, status, tenants: count() }).from(t.tenants).groupBy(plan, status);
  return rows.map((row) => ({ ...row, tenants: Number(row.tenants) }));
}

/** Tenants that have a grant of a feature, or tenants that have an add-on. */
export type TenantSource = { feature: string } | { addOn: string };

/** Keys of the source's tenants in ascending order, read from an index: at most `size`, after the key `after`. */
export async function tenantKeysOf(q: Queries, t: Schema, source: TenantSource, after: string, size: number, now: Instant) {
  const { grants: g, tenantAddOns: a } = t;
  const rows =
    "feature" in source
      ? await q
          .selectDistinct({ tenant: g.tenant })
          .from(g)
          .where(
            and(eq(g.feature, source.feature), gt(g.tenant, after), isNull(g.endedAt), or(isNull(g.endsAt), gt(g.endsAt, new Date(now)))),
          )
          .orderBy(asc(g.tenant))
          .limit(size)
      : await q
          .select({ tenant: a.tenant })
          .from(a)
          .where(and(eq(a.plan, source.addOn), gt(a.tenant, after)))
          .orderBy(asc(a.tenant))
          .limit(size);
  return rows.map((row) => row.tenant);
}

/** An upper bound of how many tenants of the source have a key after `after`: grants that ended count too. */
export async function countTenantsOf(q: Queries, t: Schema, source: TenantSource, after: string): Promise<number> {
  const { grants: g, tenantAddOns: a } = t;
  const [row] =
    "feature" in source
      ? await q
          .select({ n: count() })
          .from(g)
          .where(and(eq(g.feature, source.feature), gt(g.tenant, after)))
      : await q
          .select({ n: count() })
          .from(a)
          .where(and(eq(a.plan, source.addOn), gt(a.tenant, after)));
  return Number(row?.n ?? 0);
}

/** What decisions on these features read of these tenants. */
export async function readForImpact(q: Queries, t: Schema, keys: string[], features: ReadonlySet<string>): Promise<TenantFacts[]> {
  if (keys.length === 0) return [];
  const { tenants, tenantAddOns, grants } = t;
  const rows = await q.select().from(tenants).where(inArray(tenants.key, keys));
  const addOns = await q.select().from(tenantAddOns).where(inArray(tenantAddOns.tenant, keys)).orderBy(asc(tenantAddOns.addedAt));
  const granted = await q.select().from(grants).where(inArray(grants.tenant, keys));
  const facts = new Map<string, TenantFacts>();
  for (const { searchText: _, createdAt, usageAnchor, ...row } of rows) {
    const instants = { createdAt: createdAt.getTime(), usageAnchor: usageAnchor?.getTime() ?? null };
    facts.set(row.key, { ...row, ...instants, addOns: [], grants: [] });
  }
  for (const { tenant, plan, addedAt } of addOns) facts.get(tenant)?.addOns.push({ plan, addedAt: addedAt.getTime() });
  for (const row of granted) if (features.has(row.feature)) facts.get(row.tenant)?.grants.push(grantOf(row) as Grant);
  return [...facts.values()];
}
