import { and, eq, gt, gte, inArray, isNull, lte, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Instant } from "~/core/model";
import { wordsOf } from "~/core/search/search-words";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import { fullLimit } from "~/core/usage/limit-fill";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";
import { isLiveAt } from "./grant-lifetime";
import { contains } from "./tenant-search.server";

/** `plans`: base plans and add-ons that have the filter's feature, which the catalogue knows. */
export type ListedFilter = TenantFilter & { now: Instant; plans?: { base: string[]; addOns: string[] } };

/** `plan` is a base plan, "" or undefined. A tenant must have all of `addOns`. */
export type ResolvedFilter = Omit<ListedFilter, "addOn"> & { addOns: string[] };

/** Reads once whether the filter's plan is an add-on. */
export async function resolvePlan<F extends ListedFilter>(q: Queries, { plans }: Schema, { addOn, ...filter }: F) {
  const addOns = addOn === undefined ? [] : [addOn];
  const { plan } = filter;
  if (!plan) return { ...filter, addOns };
  const [found] = await q.select({ kind: plans.kind }).from(plans).where(eq(plans.key, plan));
  return found?.kind === "add_on" ? { ...filter, plan: undefined, addOns: [plan, ...addOns] } : { ...filter, addOns };
}

/** A tenant matches if at least one of these rows is about it. */
type TenantRows = { table: SQLiteTable; tenant: SQLiteColumn; where: SQL | undefined };

/**
 * Conditions of a list of tenants. With `isWalked` no index serves them, because the tenants are read in another order:
 * the engines would otherwise find all that match and sort them.
 */
export function tenantConditions(q: Queries, t: Schema, filter: ResolvedFilter, isWalked = false): SQL | undefined {
  const { tenants } = t;
  const { search, status, plan, addOns, metadata } = filter;
  const hidden = (column: SQLiteColumn) => (isWalked ? sql`coalesce(${column}, '')` : sql`${column}`);
  const key = hidden(tenants.key);
  const all: (SQL | undefined)[] = [matchesText(t, search)];
  const rows: TenantRows[] = [];
  if (status) all.push(sql`${hidden(tenants.status)} = ${status}`);
  if (plan === "") all.push(isWalked ? sql`coalesce(${tenants.plan}, '') = ''` : isNull(tenants.plan));
  else if (plan !== undefined) all.push(sql`${hidden(tenants.plan)} = ${plan}`);
  for (const addOn of addOns) rows.push(withAddOn(t, [addOn]));
  if (filter.trial !== undefined) rows.push(withTrial(t, filter.trial, filter.now));
  if (metadata) {
    const m = t.tenantMetadata;
    rows.push({ table: m, tenant: m.tenant, where: and(eq(m.key, metadata.key), eq(m.value, metadata.value)) });
  }
  if (filter.feature) {
    // Not from the index: nearly all tenants are active.
    all.push(sql`coalesce(${tenants.status}, '') = 'active'`);
    const candidates = ofFeature(t, filter.feature, filter);
    if ("plans" in candidates) all.push(isOneOf(hidden(tenants.plan), t, candidates.plans));
    else rows.push(candidates);
    if (filter.feature.through !== "limit" && filter.feature.through !== "override")
      all.push(sql`${key} not in ${selected(q, overrides(t, filter.feature.key, filter.now))}`);
  }
  for (const one of rows) all.push(inArray(key, selected(q, one)));
  return and(...all);
}

const selected = (q: Queries, { table, tenant, where }: TenantRows) => q.select({ key: tenant }).from(table).where(where);

/** Has each word in its name or key, whatever its case and accents. Undefined without a text. */
export const matchesText = ({ tenants }: Schema, text: string | undefined): SQL | undefined =>
  and(...wordsOf(text ?? "").map((word) => contains(tenants.searchText, word)));

const withAddOn = (t: Schema, plans: string[]): TenantRows => {
  const a = t.tenantAddOns;
  return { table: a, tenant: a.tenant, where: isOneOf(a.plan, t, plans) };
};

/** One parameter for many values: a feature may be in thousands of plans. */
function isOneOf(column: SQLWrapper, { tenantAddOns }: Schema, plans: string[]): SQL {
  if (plans.length === 1) return sql`${column} = ${plans[0]}`;
  const list = rowsAsOne(
    tenantAddOns,
    plans.map((plan) => ({ plan })),
    ["plan"],
  );
  return sql`${column} in (${list})`;
}

function withTrial({ grants: g }: Schema, trial: "live" | number, now: Instant): TenantRows {
  const soon = typeof trial === "number" ? lte(g.endsAt, new Date(now + trial)) : undefined;
  const ending = and(eq(g.kind, "trial"), gt(g.endsAt, new Date(now)), soon);
  return { table: g, tenant: g.tenant, where: and(ending, sql`${oneIf(isLiveTrial({ grants: g }, now))} = 1`) };
}

/** Inside `case`, SQLite does not use the index on kind or start, which half of all grants match. */
export const oneIf = (condition: SQL | undefined) => sql<number>`case when ${condition} then 1 else 0 end`;

export function isLiveTrial({ grants }: Pick<Schema, "grants">, now: Instant): SQL | undefined {
  return and(eq(grants.kind, "trial"), isLiveAt(grants, now));
}

function overrides({ grants: g }: Schema, feature: string, now: Instant): TenantRows {
  const of = and(eq(g.kind, "override"), eq(g.feature, feature));
  return { table: g, tenant: g.tenant, where: and(of, sql`${oneIf(isLiveAt(g, now))} = 1`) };
}

/** Candidates for the decision function. May exclude only tenants that certainly do not match. */
function ofFeature(
  t: Schema,
  { key, through }: NonNullable<TenantFilter["feature"]>,
  { plans, now }: Pick<ListedFilter, "plans" | "now">,
): TenantRows | { plans: string[] } {
  const { grants: g, usageLevels: l } = t;
  switch (through) {
    case "plan":
      return { plans: plans?.base ?? [] };
    case "add_on":
      return withAddOn(t, plans?.addOns ?? []);
    case "override":
      return overrides(t, key, now);
    case "trial": {
      const isAfter = sql`${grantEnd(g)} > ${sql.param(new Date(now), g.startsAt)}`;
      const where = and(eq(g.kind, "trial"), eq(g.feature, key), isAfter, sql`${oneIf(isLiveAt(g, now))} = 1`);
      return { table: g, tenant: g.tenant, where };
    }
    case "limit":
      return { table: l, tenant: l.tenant, where: and(eq(l.feature, key), gte(l.fill, fullLimit)) };
  }
}
