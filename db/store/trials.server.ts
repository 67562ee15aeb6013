import { and, eq, gt, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { alias, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import { endOf, type GrantState } from "~/core/grants/grant-lifetime";
import type { GrantKind, Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantEnd } from "../schema/tenants";
import { isLiveAt, isNotOverAt } from "./grant-lifetime";
import { type GrantRow, grantOf } from "./grants.server";
import { matchesText } from "./tenant-conditions.server";
import { isFirstOfBundle } from "./trial-bundles.server";

/** `endsFrom` is inclusive, `endsBefore` exclusive. */
export type TrialsFilter = {
  state?: GrantState;
  endsBefore?: Instant;
  endsFrom?: Instant;
  /** Without those that another grant extends or that could never be live. */
  isLastOfChain?: boolean;
  /** One trial per line of a bundle. */
  isFirstOfBundle?: boolean;
  feature?: string;
  createdBy?: string;
  tenant?: string;
  /** Part of the tenant's name or key. */
  tenantText?: string;
};

/** The instant that sorts, and the id. */
export type GrantPlace = { at: Instant; id: string };
export type GrantOrder = { by: "end" | "start"; descending?: boolean };
export type GrantSlice = { order: GrantOrder; after?: GrantPlace; size: number };

/** Tenants up to which grants are found by tenant and then sorted. */
const maxFewTenants = 200;

/**
 * Grants of one kind over all tenants, without those that have no end. Each order is read from an index, except live
 * grants by start, of which those that are live are sorted.
 */
export async function grantsOfAllTenants(
  q: Queries,
  t: Schema,
  kind: GrantKind,
  filter: TrialsFilter,
  now: Instant,
  { order, after, size }: GrantSlice,
): Promise<GrantRow[]> {
  const g = t.grants;
  const found = await tenantCondition(q, t, g.tenant, filter);
  if (found === "none") return [];
  const end = grantEnd(g);
  const at = sortedBy(g, order.by, filter.state);
  const place = after && [sql.param(new Date(after.at), g.startsAt), after.id];
  const direction = sql.raw(order.descending ? "desc" : "asc");
  return q
    .select()
    .from(g)
    .where(
      and(
        // Hidden from indexes that begin with the kind, because the tenants are few.
        found?.areFew ? sql`coalesce(${g.kind}, '') = ${kind}` : eq(g.kind, kind),
        found?.condition,
        ...trialConditions(t, filter, now),
        filter.state === "ended" ? undefined : sql`${end} > ${sql.param(new Date(filter.state ? now : 0), g.startsAt)}`,
        place &&
          (order.descending ? sql`(${at}, ${g.id}) < (${place[0]}, ${place[1]})` : sql`(${at}, ${g.id}) > (${place[0]}, ${place[1]})`),
      ),
    )
    .orderBy(sql`${at} ${direction}`, sql`${g.id} ${direction}`)
    .limit(size);
}

/** Overrides without an end, by id. */
export async function endlessGrants(
  q: Queries,
  t: Schema,
  filter: Omit<TrialsFilter, "tenantText" | "endsBefore">,
  now: Instant,
  { after, size }: { after?: string; size: number },
): Promise<GrantRow[]> {
  const g = t.grants;
  if (filter.state === "ended") return [];
  return q
    .select()
    .from(g)
    .where(
      and(
        eq(g.kind, "override"),
        isNull(grantEnd(g)),
        filter.tenant === undefined ? undefined : eq(g.tenant, filter.tenant),
        ...trialConditions(t, { ...filter, endsFrom: undefined }, now),
        after === undefined ? undefined : gt(g.id, after),
      ),
    )
    .orderBy(g.id)
    .limit(size);
}

function sortedBy(g: Schema["grants"], by: GrantOrder["by"], state: GrantState | undefined): SQL {
  if (by === "end") return grantEnd(g);
  // The index on starts is right for what is upcoming. All that ever was live would be read for what is live now.
  return state === "upcoming" ? sql`${g.startsAt}` : sql`coalesce(${g.startsAt}, ${g.startsAt})`;
}

type TenantsFound = { condition: SQL; areFew: boolean };

/** Null if all tenants are wanted. */
export async function tenantCondition(
  q: Queries,
  t: Schema,
  column: SQLiteColumn,
  { tenant, tenantText }: Pick<TrialsFilter, "tenant" | "tenantText">,
): Promise<TenantsFound | "none" | null> {
  if (tenant !== undefined) return { condition: eq(column, tenant), areFew: true };
  const matches = matchesText(t, tenantText);
  if (!matches) return null;
  const keys = q.select({ key: t.tenants.key }).from(t.tenants).where(matches);
  const first = await keys.limit(maxFewTenants + 1);
  if (first.length === 0) return "none";
  const some = first.map(({ key }) => key);
  if (first.length <= maxFewTenants) return { condition: inArray(column, some), areFew: true };
  const all = q.select({ key: t.tenants.key }).from(t.tenants).where(matches);
  return { condition: inArray(column, all), areFew: false };
}

export function trialConditions(t: Schema, filter: TrialsFilter, now: Instant): (SQL | undefined)[] {
  const g = t.grants;
  const end = grantEnd(g);
  const instant = (at: Instant) => sql.param(new Date(at), g.startsAt);
  const { state, endsFrom, endsBefore, feature, createdBy } = filter;
  return [
    state === "live" ? isLiveAt(g, now) : undefined,
    state === "upcoming" ? and(gt(g.startsAt, new Date(now)), isNotOverAt(g, now)) : undefined,
    // A grant that is over before its end cannot be made: an end in the future is after the start.
    state === "ended" ? sql`${end} <= ${instant(now)}` : undefined,
    endsFrom === undefined ? undefined : sql`${end} >= ${instant(endsFrom)}`,
    endsBefore === undefined ? undefined : sql`${end} < ${instant(endsBefore)}`,
    feature === undefined ? undefined : eq(g.feature, feature),
    createdBy === undefined ? undefined : eq(g.createdBy, createdBy),
    filter.isFirstOfBundle ? isFirstOfBundle(t) : undefined,
    filter.isLastOfChain ? and(sql`${end} > ${g.startsAt}`, isNotExtended(t)) : undefined,
  ];
}

/** A grant that is extended ends at that instant, so only ended ones are looked up. */
export function isNotExtended({ grants: g }: Schema): SQL {
  const next = alias(g, "next_grant");
  return sql`(${g.endedAt} is null or not exists (select 1 from ${g} as ${sql.identifier("next_grant")} where ${next.extends} = ${g.id}))`;
}

/** Ids of those that another grant extends. */
export async function extendedAmong(q: Queries, { grants: g }: Schema, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await q.select({ id: g.extends }).from(g).where(inArray(g.extends, ids));
  return new Set(rows.map(({ id }) => id as string));
}

export async function grantsById(q: Queries, { grants: g }: Schema, ids: string[]): Promise<Map<string, GrantRow>> {
  if (ids.length === 0) return new Map();
  const rows = await q.select().from(g).where(inArray(g.id, ids));
  return new Map(rows.map((row) => [row.id, row]));
}

export type TenantOfTrial = { key: string; name: string; plan: string | null };

export async function tenantsOfTrials(q: Queries, { tenants: t }: Schema, keys: string[]): Promise<Map<string, TenantOfTrial>> {
  if (keys.length === 0) return new Map();
  const rows = await q
    .select({ key: t.key, name: t.name, plan: t.plan })
    .from(t)
    .where(inArray(t.key, [...new Set(keys)]));
  return new Map(rows.map((row) => [row.key, row]));
}

/** `isCut`: there may be more than `count`. */
export type DayOfEnds = { count: number; isCut: boolean; first: GrantRow[] };

/**
 * Trials that end on each day and are not extended, with one per line of a bundle: how many, and the first few. Counts
 * among the first `maxCount` trials, because a day may have any number of ends.
 */
export async function trialEndsByDay(
  q: Queries,
  t: Schema,
  days: readonly { from: Instant; to: Instant }[],
  { named, maxCount }: { named: number; maxCount: number },
): Promise<DayOfEnds[]> {
  const g = t.grants;
  const end = grantEnd(g);
  const instant = (at: Instant) => sql.param(new Date(at), g.startsAt);
  const within = ({ from, to }: { from: Instant; to: Instant }) =>
    sql`${g.kind} = 'trial' and ${end} >= ${instant(from)} and ${end} < ${instant(to)} and ${end} > ${g.startsAt} and ${isNotExtended(t)}`;
  // In order, or else SQLite scans all grants for a day on which most of them end.
  const ends = (day: { from: Instant; to: Instant }) =>
    sql`(select * from ${g} where ${within(day)} order by ${end}, ${g.id} limit ${maxCount}) as ${sql.identifier("ending")}`;
  const ending = alias(g, "ending");
  const counts = days.flatMap((day, i): [string, SQL<number>][] => [
    [`read${i}`, sql<number>`(select count(*) from ${ends(day)})`],
    [`lines${i}`, sql<number>`(select count(*) from ${ends(day)} where ${isFirstOfBundle(t, ending)})`],
  ]);
  const firsts = days.map(
    (day) =>
      sql`select * from (select ${g.id} as id from ${g} where ${within(day)} and ${isFirstOfBundle(t)} order by ${end}, ${g.id} limit ${named}) as first_ends`,
  );
  const one = sql`(select 1 as one) as one`;
  const [counted = {}] = await q.select(Object.fromEntries(counts)).from(one);
  const ids = await q.select({ id: sql<string>`ends.id` }).from(sql`(${sql.join(firsts, sql` union all `)}) as ends`);
  const rows = [
    ...(
      await grantsById(
        q,
        t,
        ids.map(({ id }) => id),
      )
    ).values(),
  ];
  const endOfRow = (row: GrantRow) => endOf(grantOf(row)) as Instant;
  return days.map(({ from, to }, i) => ({
    count: Number(counted[`lines${i}`] ?? 0),
    isCut: Number(counted[`read${i}`] ?? 0) === maxCount,
    first: rows
      .filter((row) => endOfRow(row) >= from && endOfRow(row) < to)
      .sort((a, b) => endOfRow(a) - endOfRow(b) || (a.id < b.id ? -1 : 1)),
  }));
}
