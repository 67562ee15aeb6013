import { and, count, eq, gt, inArray, isNull, lte, type SQL, sql } from "drizzle-orm";
import type { Instant, TenantStatus } from "~/core/model";
import { wordsOf } from "~/core/search/search-words";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { isLiveAt } from "./grant-lifetime";
import { contains } from "./tenant-search.server";

export const tenantSorts = ["name", "created", "plan", "status"] as const;
export type TenantSort = (typeof tenantSorts)[number];

export type TenantFilter = {
  /** Words that the name and key hold, in any order. */
  search?: string;
  /** "" means tenants without a plan. Add-ons count too. */
  plan?: string;
  status?: TenantStatus;
  /** `live`: has a live trial. A number: has one that ends within this many ms. */
  trial?: "live" | number;
};

export type TenantQuery = TenantFilter & { sort: TenantSort; descending: boolean; page: number; size: number; now: Instant };

export type TenantRow = Pick<Schema["tenants"]["$inferSelect"], "key" | "name" | "status" | "plan" | "createdAt">;

/** One page and the total. `page` counts from 1. */
export async function listTenants(q: Queries, t: Schema, query: TenantQuery): Promise<{ rows: TenantRow[]; total: number }> {
  const { key, name, status, plan, createdAt } = t.tenants;
  const where = await conditions(q, t, query);
  const [counted] = await q.select({ total: count() }).from(t.tenants).where(where);
  const total = Number(counted?.total ?? 0);
  const skipped = (query.page - 1) * query.size;
  if (skipped >= total) return { rows: [], total };
  // Pages behind the middle are read from the end, because skipped rows cost as much as read ones.
  const isFar = skipped > total / 2;
  const size = Math.min(query.size, total - skipped);
  const rows = await q
    .select({ key, name, status, plan, createdAt })
    .from(t.tenants)
    .where(where)
    .orderBy(...order(t, query.sort, query.descending !== isFar))
    .limit(size)
    .offset(isFar ? total - skipped - size : skipped);
  return { rows: isFar ? rows.reverse() : rows, total };
}

/** Where a page starts: after this search text and key. */
export type TenantPlace = { searchText: string; key: string };

/** A page in name order, found without counting or skipping. */
export async function tenantsAfter(
  q: Queries,
  t: Schema,
  filter: TenantFilter & { now: Instant },
  { after, size }: { after?: TenantPlace; size: number },
): Promise<Schema["tenants"]["$inferSelect"][]> {
  const { searchText, key } = t.tenants;
  const later = after && sql`(${searchText}, ${key}) > (${after.searchText}, ${after.key})`;
  return q
    .select()
    .from(t.tenants)
    .where(and(await conditions(q, t, filter), later))
    .orderBy(searchText, key)
    .limit(size);
}

/**
 * The engines place NULL differently by default, but an explicit NULLS order makes PostgreSQL ignore its index and sort
 * every tenant. The key makes the order total.
 */
function order(t: Schema, sort: TenantSort, descending: boolean): SQL[] {
  const { searchText, createdAt, plan, status, key } = t.tenants;
  const columns = { name: [searchText], created: [createdAt], plan: [plan, searchText], status: [status, searchText] }[sort];
  const nulls = (column: { notNull: boolean }) => sql.raw(column.notNull ? "" : descending ? " nulls last" : " nulls first");
  return [...columns, key].map((c) => (descending ? sql`${c} desc${nulls(c)}` : sql`${c} asc${nulls(c)}`));
}

type Filter = TenantFilter & { now: Instant };

async function conditions(q: Queries, t: Schema, { now, search: text, status, plan, trial }: Filter): Promise<SQL | undefined> {
  const { tenants, grants } = t;
  const all: (SQL | undefined)[] = [];
  all.push(matchesText(t, text));
  if (status) all.push(eq(tenants.status, status));
  if (plan === "") all.push(isNull(tenants.plan));
  else if (plan !== undefined) all.push(await holds(q, t, plan));
  if (trial !== undefined) {
    const soon = typeof trial === "number" ? lte(grants.endsAt, new Date(now + trial)) : undefined;
    const ending = and(eq(grants.kind, "trial"), gt(grants.endsAt, new Date(now)), soon);
    const live = q
      .select({ key: grants.tenant })
      .from(grants)
      .where(and(ending, sql`${oneIf(isLiveTrial(t, now))} = 1`));
    all.push(inArray(tenants.key, live));
  }
  return and(...all);
}

/** Has each word in its name or key, whatever its case and accents. Undefined without a text. */
export const matchesText = ({ tenants }: Schema, text: string | undefined): SQL | undefined =>
  and(...wordsOf(text ?? "").map((word) => contains(tenants.searchText, word)));

/** One condition or the other, not "or", with which SQLite cannot read the list in order. */
async function holds(q: Queries, { tenants, tenantAddOns, plans }: Schema, plan: string): Promise<SQL> {
  const [found] = await q.select({ kind: plans.kind }).from(plans).where(eq(plans.key, plan));
  if (found?.kind !== "add_on") return eq(tenants.plan, plan);
  return inArray(tenants.key, q.select({ key: tenantAddOns.tenant }).from(tenantAddOns).where(eq(tenantAddOns.plan, plan)));
}

/** Inside `case`, SQLite does not use the index on kind or start, which half of all grants match. */
const oneIf = (condition: SQL | undefined) => sql<number>`case when ${condition} then 1 else 0 end`;

function isLiveTrial({ grants }: Schema, now: Instant): SQL | undefined {
  return and(eq(grants.kind, "trial"), isLiveAt(grants, now));
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
