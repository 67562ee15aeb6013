import { and, desc, eq, gte, inArray, sql, sum } from "drizzle-orm";
import type { ImpactSource, TenantEffect } from "~/core/impact/impact-result";
import type { CheckSum, TenantEffectRow } from "~/core/impact/tenant-effects";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** Tenants per effect, so far while its job runs. */
export type ImpactCounts = { gains: number; loses: number; changes: number; over: number };

export async function insertImpact(tx: Queries, { impacts }: Schema, job: string, change: ImpactSource, at: Instant): Promise<void> {
  await tx
    .insert(impacts)
    .values({ job, change, createdAt: new Date(at) })
    .onConflictDoNothing();
}

export async function readImpactSource(q: Queries, { impacts }: Schema, job: string): Promise<ImpactSource | null> {
  const [row] = await q.select({ change: impacts.change }).from(impacts).where(eq(impacts.job, job));
  return row?.change ?? null;
}

export async function readImpactCounts(q: Queries, { impacts: i }: Schema, job: string): Promise<ImpactCounts | null> {
  const [row] = await q.select({ gains: i.gains, loses: i.loses, changes: i.changes, over: i.over }).from(i).where(eq(i.job, job));
  return row ?? null;
}

/** Adds rows and their counts. Rows that are there already, because a tenant moved while it was looked at, stay. */
export async function addImpactTenants(tx: Queries, t: Schema, job: string, rows: TenantEffectRow[]): Promise<void> {
  const { impacts: i, impactTenants } = t;
  const added = { gains: 0, loses: 0, changes: 0, over: 0 };
  await inBatches(rows, async (batch) => {
    const values = batch.map((row) => ({ job, ...row }));
    const inserted = await tx.insert(impactTenants).values(values).onConflictDoNothing().returning({ effect: impactTenants.effect });
    for (const { effect } of inserted) added[effect] += 1;
  });
  const { gains, loses, changes, over } = added;
  if (gains + loses + changes + over === 0) return;
  const set = {
    gains: sql`${i.gains} + ${gains}`,
    loses: sql`${i.loses} + ${loses}`,
    changes: sql`${i.changes} + ${changes}`,
    over: sql`${i.over} + ${over}`,
  };
  await tx.update(i).set(set).where(eq(i.job, job));
}

/** The place of a row in its list: most checks first, and of equal ones the last key. */
export type ImpactPlace = { checks: number; tenant: string };

export async function listImpactTenants(
  q: Queries,
  { impactTenants: i }: Schema,
  job: string,
  { effect, after, size }: { effect: TenantEffect; after?: ImpactPlace; size: number },
): Promise<TenantEffectRow[]> {
  // Both columns descend, so that the index has the order and a page reads its own rows.
  const later = after && sql`(${i.checks}, ${i.tenant}) < (${after.checks}, ${after.tenant})`;
  return q
    .select({ tenant: i.tenant, effect: i.effect, checks: i.checks, features: i.features, named: i.named })
    .from(i)
    .where(and(eq(i.job, job), eq(i.effect, effect), later))
    .orderBy(desc(i.checks), desc(i.tenant))
    .limit(size);
}

/** With more, checks of all features are read instead of listing features in the statement. */
const maxNamedFeatures = 500;

/** Sums of checks per tenant and feature since a day (YYYY-MM-DD), from the tenants' own rows. */
export async function readCheckSums(
  q: Queries,
  { checkCounts: c }: Schema,
  { tenants, features, since }: { tenants: string[]; features: string[]; since: string },
): Promise<Map<string, Map<string, CheckSum>>> {
  const found = new Map<string, Map<string, CheckSum>>();
  if (tenants.length === 0 || features.length === 0) return found;
  // As an expression, so that the index of features is not used: it would read every tenant's rows for each batch.
  const isNamed = features.length <= maxNamedFeatures ? inArray(sql`(${c.feature} || '')`, features) : undefined;
  const rows = await q
    .select({ tenant: c.tenant, feature: c.feature, allowed: c.allowed, checks: sum(c.count) })
    .from(c)
    .where(and(inArray(c.tenant, tenants), gte(c.day, since), isNamed))
    .groupBy(c.tenant, c.feature, c.allowed);
  for (const { tenant, feature, allowed, checks } of rows) {
    const ofTenant = found.get(tenant) ?? new Map<string, CheckSum>();
    const one = ofTenant.get(feature) ?? { allowed: 0, refused: 0 };
    one[allowed ? "allowed" : "refused"] += Number(checks);
    found.set(tenant, ofTenant.set(feature, one));
  }
  return found;
}
