import { and, count, eq, gt, inArray, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import { completeSort, indexedSort, type TenantSort, type TenantSortId } from "~/core/tenants/tenant-filter";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { sortedPlan } from "../schema/tenants";
import { isLiveTrial, type ListedFilter, oneIf, type ResolvedFilter, resolvePlan, tenantConditions } from "./tenant-conditions.server";

/** At this number of matches or more, tenants are not counted and are read in the order of an index. Fewer are sorted by any columns. */
export const maxSortedTenants = 10_000;

export type TenantQuery = ListedFilter & {
  sort: readonly TenantSort[];
  /** From 1. */
  page: number;
  size: number;
  /** How many match, if that is known to be `maxSortedTenants` or more. */
  known?: number;
};

export type TenantRow = Pick<Schema["tenants"]["$inferSelect"], "key" | "name" | "status" | "plan" | "metadata" | "createdAt" | "revision">;

type ResolvedQuery = ResolvedFilter & Pick<TenantQuery, "page" | "size">;

/** `total` is at most `maxSortedTenants`, unless it was known. `sort` is what the rows are sorted by. */
export type TenantPage = { rows: TenantRow[]; total: number; page: number; sort: TenantSort[] };

/** One page. Past the end it is the last page. */
export async function listTenants(q: Queries, t: Schema, asked: TenantQuery): Promise<TenantPage> {
  const query = await resolvePlan(q, t, asked);
  const equal = new Set<TenantSortId>(query.status ? ["status"] : []);
  if (query.plan !== undefined) equal.add("plan");
  const sort = completeSort(query.sort, equal);
  const isLarge = query.known !== undefined && query.known >= maxSortedTenants;
  const found = isLarge ? null : await sortedKeys(q, t, query, sort);
  const total = query.known ?? found?.total ?? 0;
  if (found && found.total < maxSortedTenants) return { rows: await rowsOf(q, t, found.keys), total: found.total, page: found.page, sort };
  const walked = indexedSort(sort);
  const page = Math.min(query.page, Math.floor(maxSortedTenants / query.size));
  const keys = await walkedKeys(q, t, query, walked, (page - 1) * query.size);
  return { rows: await rowsOf(q, t, keys), total, page, sort: walked };
}

/** Finds up to 10,000 tenants that match, then counts and sorts those. */
async function sortedKeys(q: Queries, t: Schema, query: ResolvedQuery, sort: TenantSort[]) {
  const { tenants, tenantStats: s } = t;
  const { key, searchText, status, createdAt, revision } = tenants;
  const where = tenantConditions(q, t, query);
  // A lookup per tenant: PostgreSQL would scan the table for a join.
  const figure = (column: SQLWrapper, of: SQLWrapper) => sql`(select ${column} from ${s} where ${s.tenant} = ${of})`;
  const read = async (page: number) => {
    // The limit keeps the engines from reading tenants in the wanted order until enough of them match.
    const matched = q
      .select({ key, searchText, plan: sql<string>`${sortedPlan(tenants)}`.as("sorted_plan"), status, createdAt, revision })
      .from(tenants)
      .where(where)
      .limit(maxSortedTenants)
      .as("matched");
    const { plan, status: matchedStatus, searchText: name, createdAt: created, revision: changed } = matched;
    const figures = Object.entries(figureColumns(t)).map(([id, column]) => [id, figure(column, matched.key)]);
    const columns = { ...Object.fromEntries(figures), name, plan, status: matchedStatus, created, changed } as SortColumns;
    return q
      .select({ key: matched.key, total: sql<number>`count(*) over ()` })
      .from(matched)
      .orderBy(...orderOf(sort, columns, matched.key))
      .limit(query.size)
      .offset((page - 1) * query.size);
  };
  let page = query.page;
  let rows = await read(page);
  if (rows.length === 0 && page > 1) {
    const [first] = await read(1);
    page = Math.max(1, Math.ceil(Number(first?.total ?? 0) / query.size));
    rows = await read(page);
  }
  return { keys: rows.map((row) => row.key), total: Number(rows[0]?.total ?? 0), page };
}

/** Reads tenants in the order of an index and leaves out those that do not match. */
async function walkedKeys(q: Queries, t: Schema, query: ResolvedQuery, sort: TenantSort[], skipped: number): Promise<string[]> {
  const { tenants, tenantStats: s } = t;
  const { key, searchText, status, createdAt, revision } = tenants;
  const [first] = sort as [TenantSort];
  const isByName = first.id === "name" && (query.plan !== undefined || query.status !== undefined);
  const where = tenantConditions(q, t, query, !isByName);
  const columns: SortColumns = {
    ...figureColumns(t),
    name: searchText,
    plan: sortedPlan(tenants),
    status,
    created: createdAt,
    changed: revision,
  };
  const ofFigures = first.id in figureColumns(t);
  const rows = ofFigures
    ? q
        .select({ key: s.tenant })
        .from(s)
        // A cross join, which SQLite does not reorder.
        .crossJoin(tenants)
        .where(and(eq(key, s.tenant), where))
        .orderBy(...orderOf(sort, columns, s.tenant))
    : q
        .select({ key })
        .from(tenants)
        .where(where)
        .orderBy(...orderOf(sort, columns, key));
  return (await rows.limit(query.size).offset(skipped)).map((row) => row.key);
}

const figureColumns = ({ tenantStats: s }: Schema) => ({ trial: s.nextTrialEnd, limit: s.fullestLimit, refused: s.refused30d });

type SortColumns = Record<TenantSortId, unknown>;

/** The key makes the order total. */
function orderOf(sort: TenantSort[], columns: SortColumns, key: unknown): SQL[] {
  const by = (column: unknown, desc: boolean) => (desc ? sql`${column} desc` : sql`${column} asc`);
  return [...sort.map(({ id, desc }) => by(columns[id], desc)), by(key, sort[0]?.desc ?? false)];
}

async function rowsOf(q: Queries, t: Schema, keys: string[]): Promise<TenantRow[]> {
  if (keys.length === 0) return [];
  const { key, name, status, plan, metadata, createdAt, revision } = t.tenants;
  const rows = await q.select({ key, name, status, plan, metadata, createdAt, revision }).from(t.tenants).where(inArray(key, keys));
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return keys.flatMap((one) => byKey.get(one) ?? []);
}

/** Exact, however many there are. */
export async function countMatchingTenants(q: Queries, t: Schema, filter: ListedFilter): Promise<number> {
  const where = tenantConditions(q, t, await resolvePlan(q, t, filter));
  const [counted] = await q.select({ total: count() }).from(t.tenants).where(where);
  return Number(counted?.total ?? 0);
}

/** Where a page starts: after this search text and key. */
export type TenantPlace = { searchText: string; key: string };

/** A page in name order, found without counting or skipping. */
export async function tenantsAfter(
  q: Queries,
  t: Schema,
  filter: ListedFilter,
  { after, size }: { after?: TenantPlace; size: number },
): Promise<Schema["tenants"]["$inferSelect"][]> {
  const { searchText, key } = t.tenants;
  const later = after && sql`(${searchText}, ${key}) > (${after.searchText}, ${after.key})`;
  return q
    .select()
    .from(t.tenants)
    .where(and(tenantConditions(q, t, await resolvePlan(q, t, filter)), later))
    .orderBy(searchText, key)
    .limit(size);
}

/** Keys that match, in order of key, which no change of a tenant moves. Together the pages read each tenant once. */
export async function tenantKeysAfter(
  q: Queries,
  t: Schema,
  filter: ListedFilter,
  { after, size }: { after: string | null; size: number },
): Promise<string[]> {
  const { key } = t.tenants;
  const rows = await q
    .select({ key })
    .from(t.tenants)
    .where(and(tenantConditions(q, t, await resolvePlan(q, t, filter), true), after === null ? undefined : gt(key, after)))
    .orderBy(key)
    .limit(size);
  return rows.map((row) => row.key);
}

/** Those of these tenants that match. */
export async function matchingAmong(q: Queries, t: Schema, filter: ListedFilter, keys: string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const { key } = t.tenants;
  const rows = await q
    .select({ key })
    .from(t.tenants)
    .where(and(inArray(key, keys), tenantConditions(q, t, await resolvePlan(q, t, filter), true)));
  return new Set(rows.map((row) => row.key));
}

/** The key of one tenant, or null without any. */
export async function firstTenant(q: Queries, t: Schema): Promise<string | null> {
  return (await q.select({ key: t.tenants.key }).from(t.tenants).limit(1))[0]?.key ?? null;
}

export const hasTenants = async (q: Queries, t: Schema): Promise<boolean> => (await firstTenant(q, t)) !== null;

export type LiveTrials = { tenant: string; trials: number; nextEnd: Instant };

/** Live trials of a page's tenants, and the first end of each. */
export async function liveTrialsOf(q: Queries, t: Schema, keys: string[], now: Instant): Promise<LiveTrials[]> {
  if (keys.length === 0) return [];
  const { tenant, endsAt } = t.grants;
  const live = isLiveTrial(t, now);
  const nextEnd = sql<unknown>`min(case when ${live} then ${endsAt} end)`.mapWith(endsAt);
  const rows = await q
    .select({ tenant, trials: sql<number>`sum(${oneIf(live)})`, nextEnd })
    .from(t.grants)
    .where(inArray(tenant, keys))
    .groupBy(tenant)
    .having(sql`sum(${oneIf(live)}) > 0`);
  return rows.map((r) => ({ tenant: r.tenant, trials: Number(r.trials), nextEnd: Number(r.nextEnd) }));
}

/** Add-ons of a page's tenants that have any, oldest first. */
export async function addOnsByTenant(q: Queries, t: Schema, keys: string[]): Promise<Map<string, string[]>> {
  const byTenant = new Map<string, string[]>();
  if (keys.length === 0) return byTenant;
  const { tenant, plan, addedAt } = t.tenantAddOns;
  const rows = await q.select({ tenant, plan }).from(t.tenantAddOns).where(inArray(tenant, keys)).orderBy(addedAt, plan);
  for (const row of rows) byTenant.set(row.tenant, [...(byTenant.get(row.tenant) ?? []), row.plan]);
  return byTenant;
}

/** Tenants per add-on, including archived ones. */
export async function tenantsByAddOn(q: Queries, t: Schema): Promise<Map<string, number>> {
  const rows = await q.select({ plan: t.tenantAddOns.plan, n: count() }).from(t.tenantAddOns).groupBy(t.tenantAddOns.plan);
  return new Map(rows.map(({ plan, n }) => [plan, Number(n)]));
}

/** Tenants with a plan or add-on, including archived ones. */
export async function tenantsHavingPlan(q: Queries, t: Schema, plan: string): Promise<number> {
  const [base] = await q.select({ n: count() }).from(t.tenants).where(eq(t.tenants.plan, plan));
  const [addOn] = await q.select({ n: count() }).from(t.tenantAddOns).where(eq(t.tenantAddOns.plan, plan));
  return Number(base?.n ?? 0) + Number(addOn?.n ?? 0);
}
