import { and, asc, desc, eq, gt, gte, inArray, like, lt, ne, or, sql } from "drizzle-orm";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Days from `from` on, before `to` if given; YYYY-MM-DD. */
export type DayRange = { from: string; to?: string };

export type DayOutcome = { day: string; allowed: boolean; count: number };

/** Checks of all tenants by day and outcome. Days without checks are omitted. */
export async function checksByDay(q: Queries, { featureDaily: f }: Schema, { from }: DayRange): Promise<DayOutcome[]> {
  const rows = await q
    .select({ day: f.day, allowed: f.allowed, count: sql<number>`sum(${f.count})` })
    .from(f)
    .where(and(inArray(f.allowed, [true, false]), gte(f.day, from)))
    .groupBy(f.allowed, f.day);
  return rows.map((row) => ({ ...row, count: Number(row.count) })).sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** Features by their checks since a day, those asked most first. */
export async function featuresByChecks(q: Queries, { featureDaily: f }: Schema, from: string, size: number): Promise<string[]> {
  const sum = sql<number>`sum(${f.count})`;
  const rows = await q
    .select({ feature: f.feature, sum })
    .from(f)
    .where(and(inArray(f.allowed, [true, false]), gte(f.day, from)))
    .groupBy(f.feature)
    .orderBy(desc(sum), asc(f.feature))
    .limit(size);
  return rows.map(({ feature }) => feature);
}

export type Refusals = { feature: string; refusals: number };

/** Refused checks per feature, most first. */
export async function refusalsByFeature(q: Queries, { featureDaily: f }: Schema, { from, to }: DayRange): Promise<Refusals[]> {
  const sum = sql<number>`sum(${f.count})`;
  const rows = await q
    .select({ feature: f.feature, refusals: sum })
    .from(f)
    .where(and(eq(f.allowed, false), gte(f.day, from), to === undefined ? undefined : lt(f.day, to)))
    .groupBy(f.feature)
    .orderBy(desc(sum), asc(f.feature));
  return rows.map((row) => ({ ...row, refusals: Number(row.refusals) }));
}

/** Tenants of each feature that were refused since a day, per plan ("" without one), most first. */
export async function refusedPlans(q: Queries, { refusedTenants: r }: Schema, features: string[], from: string) {
  const found = new Map<string, { plan: string; tenants: number }[]>();
  for (const feature of features) {
    const rows = await q
      .select({ plan: r.plan, tenants: sql<number>`count(*)` })
      .from(r)
      .where(and(eq(r.feature, feature), gte(r.lastDay, from)))
      .groupBy(r.plan);
    const plans = rows.map((row) => ({ ...row, tenants: Number(row.tenants) }));
    found.set(
      feature,
      plans.sort((a, b) => b.tenants - a.tenants || (a.plan < b.plan ? -1 : 1)),
    );
  }
  return found;
}

export type RefusedPlace = { lastDay: string; tenant: string };

/** Tenants a feature was refused to since a day, the latest first, after a place. */
export async function refusedTenantsOf(
  q: Queries,
  { refusedTenants: r }: Schema,
  { feature, from, after, size }: { feature: string; from: string; after?: RefusedPlace; size: number },
): Promise<RefusedPlace[]> {
  const later = after && or(lt(r.lastDay, after.lastDay), and(eq(r.lastDay, after.lastDay), lt(r.tenant, after.tenant)));
  return q
    .select({ tenant: r.tenant, lastDay: r.lastDay })
    .from(r)
    .where(and(eq(r.feature, feature), gte(r.lastDay, from), after ? sql`${r.lastDay} <= ${after.lastDay}` : undefined, later))
    .orderBy(desc(r.lastDay), desc(r.tenant))
    .limit(size);
}

export type RefusedSince = { feature: string; from: string };
const isRefusedSince = ({ refusedTenants: r }: Schema, { feature, from }: RefusedSince) =>
  and(eq(r.feature, feature), gte(r.lastDay, from));

/** In order of key, after a key. */
export async function refusedKeysAfter(
  q: Queries,
  t: Schema,
  since: RefusedSince,
  { after, size }: { after: string | null; size: number },
): Promise<string[]> {
  const { tenant } = t.refusedTenants;
  const later = after === null ? undefined : gt(tenant, after);
  const rows = await q
    .select({ tenant })
    .from(t.refusedTenants)
    .where(and(isRefusedSince(t, since), later))
    .orderBy(tenant)
    .limit(size);
  return rows.map((row) => row.tenant);
}

/** Those of these tenants that were refused the feature. */
export async function refusedAmong(q: Queries, t: Schema, since: RefusedSince, keys: string[]): Promise<Set<string>> {
  const { tenant } = t.refusedTenants;
  const rows = await q
    .select({ tenant })
    .from(t.refusedTenants)
    .where(and(isRefusedSince(t, since), inArray(tenant, keys)));
  return new Set(rows.map((row) => row.tenant));
}

export async function countRefused(q: Queries, t: Schema, since: RefusedSince): Promise<number> {
  const [row] = await q.select({ n: sql<number>`count(*)` }).from(t.refusedTenants).where(isRefusedSince(t, since));
  return Number(row?.n ?? 0);
}

/** Refused checks of a feature per tenant, for the tenants of one page. */
export async function refusalsOfTenants(
  q: Queries,
  { checkCounts: c }: Schema,
  feature: string,
  tenants: string[],
  from: string,
): Promise<Map<string, number>> {
  if (tenants.length === 0) return new Map();
  const rows = await q
    .select({ tenant: c.tenant, count: sql<number>`sum(${c.count})` })
    .from(c)
    .where(and(inArray(c.tenant, tenants), gte(c.day, from), eq(c.feature, feature), eq(c.allowed, false)))
    .groupBy(c.tenant);
  return new Map(rows.map(({ tenant, count }) => [tenant, Number(count)]));
}

export type LevelPlace = { fill: number; tenant: string; feature: string };
/** `search`: part of the tenant's folded name or key. `plan`: "" for tenants without one. */
export type LevelFilter = { search?: string; feature?: string; plan?: string; minFill?: number };

/** Tenants and metered features, the fullest limit first, after a place. */
export async function levelsAfter(
  q: Queries,
  { usageLevels: l, tenants: t }: Schema,
  { search, feature, plan, minFill }: LevelFilter,
  { after, size }: { after?: LevelPlace; size: number },
): Promise<(LevelPlace & { plan: string })[]> {
  const later =
    after &&
    or(
      lt(l.fill, after.fill),
      and(eq(l.fill, after.fill), or(gt(l.tenant, after.tenant), and(eq(l.tenant, after.tenant), gt(l.feature, after.feature)))),
    );
  return q
    .select({ fill: l.fill, tenant: l.tenant, feature: l.feature, plan: l.plan })
    .from(l)
    .where(
      and(
        feature === undefined ? undefined : eq(l.feature, feature),
        plan === undefined ? undefined : eq(l.plan, plan),
        minFill === undefined ? undefined : gte(l.fill, minFill),
        search === undefined ? undefined : inArray(l.tenant, q.select({ key: t.key }).from(t).where(hasText(t, search))),
        after ? sql`${l.fill} <= ${after.fill}` : undefined,
        later,
      ),
    )
    .orderBy(desc(l.fill), asc(l.tenant), asc(l.feature))
    .limit(size);
}

const hasText = (t: Schema["tenants"], search: string) =>
  like(t.searchText, `%${search.replace(/[\\%_]/g, "\\$&")}%`).append(sql.raw(" escape '\\'"));

/** Tenants whose fullest limit has at least this fill. */
export async function tenantsFilled(q: Queries, { tenantStats: s }: Schema, minFill: number): Promise<number> {
  const [row] = await q.select({ n: sql<number>`count(*)` }).from(s).where(gte(s.fullestLimit, minFill));
  return Number(row?.n ?? 0);
}

/** The tenants with the fullest limits of at least this fill. */
export async function fullestTenants(
  q: Queries,
  { tenantStats: s }: Schema,
  { minFill, belowFill, size }: { minFill: number; belowFill?: number; size: number },
) {
  return q
    .select({ tenant: s.tenant, fill: s.fullestLimit })
    .from(s)
    .where(and(gte(s.fullestLimit, minFill), belowFill === undefined ? ne(s.fullestLimit, -1) : lt(s.fullestLimit, belowFill)))
    .orderBy(desc(s.fullestLimit), asc(s.tenant))
    .limit(size);
}
