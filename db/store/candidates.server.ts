import { and, asc, count, eq, exists, gt, inArray, not, or, type SQL } from "drizzle-orm";
import type { Grant, TenantFacts, TenantStatus } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantOf } from "./grants.server";

/** Tenants that differ in nothing that a decision on this feature reads. */
export type Group = { plan: string | null; status: TenantStatus; tenants: number };

/**
 * `changed`: plans and add-ons that give something else of the feature than before; null: the feature itself is another one,
 * for everybody. `addOns`: all that give it before or after.
 */
type Scope = { feature: string; changed: string[] | null; addOns: string[] };

/** Tenants that have a grant of the feature, or an add-on that matters to it, are looked at one by one. */
function special(q: Queries, t: Schema, { feature, addOns }: Scope): SQL | undefined {
  const grants = q
    .select({ x: t.grants.id })
    .from(t.grants)
    .where(and(eq(t.grants.tenant, t.tenants.key), eq(t.grants.feature, feature)));
  if (addOns.length === 0) return exists(grants);
  const held = q
    .select({ x: t.tenantAddOns.plan })
    .from(t.tenantAddOns)
    .where(and(eq(t.tenantAddOns.tenant, t.tenants.key), inArray(t.tenantAddOns.plan, addOns)));
  return or(exists(grants), exists(held));
}

/** Everybody else whom the change may touch, as counts. */
export async function alikeTenants(q: Queries, t: Schema, scope: Scope): Promise<Group[]> {
  const { plan, status } = t.tenants;
  const rows = await q
    .select({ plan, status, tenants: count() })
    .from(t.tenants)
    .where(and(scope.changed === null ? undefined : inArray(plan, scope.changed), not(special(q, t, scope) as SQL)))
    .groupBy(plan, status);
  return rows.map((r) => ({ ...r, tenants: Number(r.tenants) }));
}

/**
 * The special ones whom the change may touch, in order of key, `size` at a time after `after`, with as much of
 * their facts as a decision on this feature reads.
 */
export async function specialTenants(q: Queries, t: Schema, scope: Scope, after: string, size: number): Promise<TenantFacts[]> {
  const { tenants, tenantAddOns, grants } = t;
  const { changed } = scope;
  const holders = changed && q.select({ key: tenantAddOns.tenant }).from(tenantAddOns).where(inArray(tenantAddOns.plan, changed));
  const touched = holders ? or(inArray(tenants.plan, changed), inArray(tenants.key, holders)) : undefined;
  const rows = await q
    .select()
    .from(tenants)
    .where(and(gt(tenants.key, after), touched, special(q, t, scope)))
    .orderBy(asc(tenants.key))
    .limit(size);
  if (rows.length === 0) return [];
  const keys = rows.map((r) => r.key);
  const addOns = await q.select().from(tenantAddOns).where(inArray(tenantAddOns.tenant, keys)).orderBy(asc(tenantAddOns.addedAt));
  const granted = await q
    .select()
    .from(grants)
    .where(and(inArray(grants.tenant, keys), eq(grants.feature, scope.feature)));
  return rows.map(({ searchText: _, createdAt, usageAnchor, ...row }) => ({
    ...row,
    createdAt: createdAt.getTime(),
    usageAnchor: usageAnchor?.getTime() ?? null,
    addOns: addOns.filter((a) => a.tenant === row.key).map((a) => ({ plan: a.plan, addedAt: a.addedAt.getTime() })),
    grants: granted.filter((g) => g.tenant === row.key).map((g): Grant => grantOf(g)),
  }));
}
