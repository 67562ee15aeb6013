import { and, asc, count, countDistinct, eq, gt, gte, inArray, isNotNull, isNull, lte, or } from "drizzle-orm";
import type { Instant, TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { distinctValues } from "./distinct-values.server";

/** Replaces the rows of these tenants' scheduled changes. `isNew`: they have none yet. */
export async function putScheduledRows(
  tx: Queries,
  { scheduledChanges: s, scheduledPlans: p }: Schema,
  changed: { facts: TenantFacts; isNew: boolean }[],
): Promise<void> {
  const old = changed.flatMap(({ facts, isNew }) => (isNew ? [] : [facts.key]));
  await inBatches(old, async (batch) => {
    await tx.delete(s).where(inArray(s.tenant, batch));
    await tx.delete(p).where(inArray(p.tenant, batch));
  });
  const entries = changed.flatMap(({ facts }) => (facts.scheduled ?? []).map((entry) => ({ tenant: facts.key, entry })));
  const rows = entries.map(({ tenant, entry: { id, at, problem = null } }) => ({ id, tenant, at: new Date(at), problem }));
  await inBatches(rows, (batch) => tx.insert(s).values(batch));
  const plans = entries.flatMap(({ tenant, entry: { id, at, plan, addOns } }) =>
    [...new Set([...(plan == null ? [] : [plan]), ...(addOns?.add ?? [])])].map((key) => ({
      plan: key,
      change: id,
      tenant,
      at: new Date(at),
    })),
  );
  await inBatches(plans, (batch) => tx.insert(p).values(batch));
}

/** Tenants with changes that are due, the earliest first. */
export async function tenantsDue(q: Queries, { scheduledChanges: s }: Schema, now: Instant, size: number): Promise<string[]> {
  const rows = await q
    .select({ tenant: s.tenant })
    .from(s)
    .where(and(isNull(s.problem), lte(s.at, new Date(now))))
    .orderBy(asc(s.at), asc(s.id))
    .limit(size);
  return [...new Set(rows.map(({ tenant }) => tenant))];
}

/** Tenants with changes that are due and give one of these plans. */
export async function tenantsDueForPlans(q: Queries, { scheduledPlans: p }: Schema, plans: string[], now: Instant): Promise<string[]> {
  const found = new Set<string>();
  await inBatches(plans, async (batch) => {
    const rows = await q
      .select({ tenant: p.tenant })
      .from(p)
      .where(and(inArray(p.plan, batch), lte(p.at, new Date(now))));
    for (const { tenant } of rows) found.add(tenant);
  });
  return [...found];
}

export type ScheduledRow = { id: string; tenant: string; at: Instant };

const columns = ({ scheduledChanges: s }: Schema) => ({ id: s.id, tenant: s.tenant, at: s.at });
const instants = (rows: { id: string; tenant: string; at: Date }[]): ScheduledRow[] =>
  rows.map((row) => ({ ...row, at: row.at.getTime() }));

/** Where a page of changes ended. */
export type ScheduledPlace = { at: Instant; id: string };

/** The next changes of all tenants, the earliest first: at most `size`, after a place. */
export async function nextScheduledRows(
  q: Queries,
  t: Schema,
  now: Instant,
  { size, after }: { size: number; after?: ScheduledPlace },
): Promise<ScheduledRow[]> {
  const { scheduledChanges: s } = t;
  const from = after && new Date(after.at);
  const isAfter = from && and(gte(s.at, from), or(gt(s.at, from), gt(s.id, after.id)));
  const rows = await q
    .select(columns(t))
    .from(s)
    .where(and(isNull(s.problem), gt(s.at, new Date(now)), isAfter))
    .orderBy(asc(s.at), asc(s.id))
    .limit(size);
  return instants(rows);
}

/** Changes that were impossible at their time, the earliest first. */
export async function refusedScheduledRows(q: Queries, t: Schema, size: number): Promise<ScheduledRow[]> {
  const { scheduledChanges: s } = t;
  const rows = await q.select(columns(t)).from(s).where(isNotNull(s.problem)).orderBy(asc(s.at), asc(s.id)).limit(size);
  return instants(rows);
}

/** Plans that scheduled changes give, in order of key, up to `max`. */
export const scheduledPlanKeys = (q: Queries, { scheduledPlans: p }: Schema, max: number): Promise<string[]> =>
  distinctValues(q, p.plan, max);

/** Changes to come that give a plan, the earliest first. */
export async function scheduledRowsOfPlan(q: Queries, t: Schema, plan: string, now: Instant, size: number): Promise<ScheduledRow[]> {
  const { scheduledPlans: p } = t;
  const rows = await q
    .select({ id: p.change, tenant: p.tenant, at: p.at })
    .from(p)
    .where(and(eq(p.plan, plan), gt(p.at, new Date(now))))
    .orderBy(asc(p.at), asc(p.change))
    .limit(size);
  return instants(rows);
}

/** Changes that are counted. */
const maxCountedChanges = 10_000;

/** `first`: those whose change is next. `hasMore`: counting stopped, and there may be more than `count`. */
export type ScheduledTenants = { count: number; hasMore: boolean; first: { key: string; name: string }[] };

/** Tenants that are scheduled to get one of these plans. At most `size` are named. */
export async function tenantsScheduledFor(q: Queries, t: Schema, given: string[], size: number): Promise<ScheduledTenants> {
  const { scheduledPlans: p, tenants } = t;
  if (given.length === 0) return { count: 0, hasMore: false, first: [] };
  const isGiven = inArray(p.plan, given);
  const counted = q.select({ tenant: p.tenant }).from(p).where(isGiven).limit(maxCountedChanges).as("counted");
  const [row] = await q.select({ tenants: countDistinct(counted.tenant), changes: count() }).from(counted);
  const next = q.select().from(p).where(isGiven).orderBy(asc(p.at), asc(p.change)).limit(size).as("next");
  const named = await q
    .select({ key: tenants.key, name: tenants.name })
    .from(next)
    .innerJoin(tenants, eq(tenants.key, next.tenant))
    .orderBy(asc(next.at), asc(next.change));
  const first = [...new Map(named.map((tenant) => [tenant.key, tenant])).values()];
  return { count: Number(row?.tenants ?? 0), hasMore: Number(row?.changes ?? 0) === maxCountedChanges, first };
}
