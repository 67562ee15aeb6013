import { and, asc, gt, gte, inArray, lt, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { dateOrNull } from "./dates";
import { addAllTenantStats, trialsNotComputed } from "./tenant-stats.server";

/** `today` is the last day of the window and `first` its first, YYYY-MM-DD. */
export type Window = { first: string; today: string };

type PendingRow = Awaited<ReturnType<typeof readPending>>[number];

function readPending(q: Queries, { checkCounts: c }: Schema, from: string, size: number) {
  const { tenant, day, feature, allowed, source, count, counted, lastAt } = c;
  return q
    .select({ tenant, day, feature, allowed, source, count, counted, lastAt })
    .from(c)
    .where(and(sql`${c.pending}`, gte(tenant, from)))
    .orderBy(asc(tenant), asc(day))
    .limit(size);
}

export async function hasPending(q: Queries, t: Schema): Promise<boolean> {
  return (await readPending(q, t, "", 1)).length > 0;
}

/**
 * Adds counts that the figures lack, at most `size`, in order of tenant from `from` on. Returns where to continue; null
 * at the end.
 */
export async function foldCheckCounts(
  tx: Queries,
  t: Schema,
  { from, size, window, now }: { from: string; size: number; window: Window; now: Instant },
): Promise<string | null> {
  const rows = await readPending(tx, t, from, size);
  if (rows.length === 0) return null;
  await addToFeatureDays(tx, t, rows);
  await noteRefusals(tx, t, rows);
  await markCounted(tx, t, rows);
  await addToTenants(tx, t, rows, window, now);
  return rows.length < size ? null : (rows.at(-1) as PendingRow).tenant;
}

async function addToFeatureDays(tx: Queries, { featureDaily: f }: Schema, rows: PendingRow[]): Promise<void> {
  const sums = new Map<string, typeof f.$inferInsert>();
  for (const { day, feature, allowed, source, count, counted } of rows) {
    const id = `${day}\n${feature}\n${allowed}\n${source}`;
    const sum = sums.get(id) ?? { day, feature, allowed, source, count: 0, tenants: 0 };
    sum.count += count - counted;
    if (counted === 0) sum.tenants += 1;
    sums.set(id, sum);
  }
  await tx
    .insert(f)
    .select(rowsAsOne(f, [...sums.values()]))
    .onConflictDoUpdate({
      target: [f.day, f.feature, f.allowed, f.source],
      set: { count: sql`${f.count} + excluded.count`, tenants: sql`${f.tenants} + excluded.tenants` },
    });
}

async function noteRefusals(tx: Queries, t: Schema, rows: PendingRow[]): Promise<void> {
  const { refusedTenants: r } = t;
  const last = new Map<string, { feature: string; tenant: string; lastDay: string }>();
  for (const { feature, tenant, day, allowed } of rows) {
    const id = `${feature}\n${tenant}`;
    if (!allowed && day > (last.get(id)?.lastDay ?? "")) last.set(id, { feature, tenant, lastDay: day });
  }
  if (last.size === 0) return;
  const plans = await readPlans(tx, t, [...new Set([...last.values()].map(({ tenant }) => tenant))]);
  await tx
    .insert(r)
    .select(
      rowsAsOne(
        r,
        [...last.values()].map((one) => ({ ...one, plan: plans.get(one.tenant) ?? "" })),
      ),
    )
    .onConflictDoUpdate({
      target: [r.feature, r.tenant],
      set: { lastDay: sql`excluded.last_day`, plan: sql`excluded.plan` },
      setWhere: sql`excluded.last_day > ${r.lastDay}`,
    });
}

async function readPlans(q: Queries, { tenants }: Schema, keys: string[]): Promise<Map<string, string>> {
  const rows = await q.select({ key: tenants.key, plan: tenants.plan }).from(tenants).where(inArray(tenants.key, keys));
  return new Map(rows.map(({ key, plan }) => [key, plan ?? ""]));
}

/** A count that was raised since it was read stays pending. */
async function markCounted(tx: Queries, { checkCounts: c }: Schema, rows: PendingRow[]): Promise<void> {
  const read = rowsAsOne(c, rows, ["tenant", "day", "feature", "allowed", "source", "counted", "count"]);
  const isRead = sql`w.tenant = ${c.tenant} and w.day = ${c.day} and w.feature = ${c.feature} and w.allowed = ${c.allowed} and w.source = ${c.source}`;
  await tx
    .update(c)
    .set({ counted: sql`w.count`, pending: sql`${c.count} <> w.count` })
    .from(sql`(${read}) as w`)
    .where(isRead);
}

async function addToTenants(tx: Queries, t: Schema, rows: PendingRow[], window: Window, now: Instant): Promise<void> {
  const { tenantStats: s } = t;
  type Added = { checks: number; refused: number; last: number };
  const added = new Map<string, Added>();
  for (const { tenant, day, allowed, count, counted, lastAt } of rows) {
    const one = added.get(tenant) ?? { checks: 0, refused: 0, last: 0 };
    const more = day >= window.first ? count - counted : 0;
    one.checks += more;
    if (!allowed) one.refused += more;
    one.last = Math.max(one.last, lastAt.getTime());
    added.set(tenant, one);
  }
  const before = new Map(
    (
      await tx
        .select()
        .from(s)
        .where(inArray(s.tenant, [...added.keys()]))
    ).map((row) => [row.tenant, row]),
  );
  const stale = [...added.keys()].filter((tenant) => before.get(tenant)?.windowDay !== window.today);
  const sums = await sumWindow(tx, t, stale, window);
  const stats = [...added].map(([tenant, { checks, refused, last }]) => {
    const known = before.get(tenant);
    const isCurrent = known?.windowDay === window.today;
    const sum = isCurrent ? { checks: known.checks30d + checks, refused: known.refused30d + refused } : sums.get(tenant);
    return {
      tenant,
      checks30d: sum?.checks ?? 0,
      refused30d: sum?.refused ?? 0,
      fullestLimit: known?.fullestLimit ?? -1,
      lastCheckedAt: new Date(Math.max(last, known?.lastCheckedAt?.getTime() ?? 0)),
      ...trialsNotComputed,
      windowDay: window.today,
      computedAt: new Date(now),
    };
  });
  await putStats(tx, t, stats);
}

/** Checks of these tenants since the window's first day, as far as they are counted. */
async function sumWindow(q: Queries, { checkCounts: c }: Schema, tenants: string[], { first }: Window) {
  if (tenants.length === 0) return new Map<string, { checks: number; refused: number }>();
  const rows = await q
    .select({
      tenant: c.tenant,
      checks: sql<number>`sum(${c.counted})`,
      refused: sql<number>`sum(case when ${c.allowed} then 0 else ${c.counted} end)`,
    })
    .from(c)
    .where(and(inArray(c.tenant, tenants), gte(c.day, first)))
    .groupBy(c.tenant);
  return new Map(rows.map(({ tenant, checks, refused }) => [tenant, { checks: Number(checks), refused: Number(refused) }]));
}

type Stats = Schema["tenantStats"]["$inferInsert"];

async function putStats(tx: Queries, { tenantStats: s }: Schema, rows: Stats[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insert(s)
    .select(rowsAsOne(s, rows))
    .onConflictDoUpdate({
      target: s.tenant,
      set: {
        checks30d: sql`excluded.checks_30d`,
        refused30d: sql`excluded.refused_30d`,
        lastCheckedAt: sql`excluded.last_checked_at`,
        windowDay: sql`excluded.window_day`,
        computedAt: sql`excluded.computed_at`,
      },
    });
}

const pastWindow = ({ tenantStats: s }: Schema, { today }: Window) => and(lt(s.windowDay, today), gt(s.checks30d, sql`0`));

export async function hasPastWindows(q: Queries, t: Schema, window: Window): Promise<boolean> {
  return (await q.select({ one: sql`1` }).from(t.tenantStats).where(pastWindow(t, window)).limit(1)).length > 0;
}

/** Moves the 30 days of some tenants on to today. Returns false if there were none. */
export async function moveWindows(
  tx: Queries,
  t: Schema,
  { size, window, now }: { size: number; window: Window; now: Instant },
): Promise<boolean> {
  const { tenantStats: s } = t;
  const rows = await tx.select().from(s).where(pastWindow(t, window)).orderBy(asc(s.windowDay), asc(s.tenant)).limit(size);
  const sums = await sumWindow(
    tx,
    t,
    rows.map(({ tenant }) => tenant),
    window,
  );
  const moved = rows.map((row) => ({
    ...row,
    checks30d: sums.get(row.tenant)?.checks ?? 0,
    refused30d: sums.get(row.tenant)?.refused ?? 0,
    windowDay: window.today,
    computedAt: new Date(now),
  }));
  await putStats(tx, t, moved);
  return rows.length > 0;
}

/** Sets the fullest limit of tenants, and creates missing rows. */
export async function putFullest(
  tx: Queries,
  { tenantStats: s }: Schema,
  fullest: { tenant: string; fullestLimit: number }[],
  { today }: Window,
  now: Instant,
): Promise<void> {
  if (fullest.length === 0) return;
  const rows = fullest.map((one) => ({
    ...one,
    ...{ checks30d: 0, refused30d: 0, lastCheckedAt: dateOrNull(null), windowDay: today, computedAt: new Date(now) },
    ...trialsNotComputed,
  }));
  await tx
    .insert(s)
    .select(rowsAsOne(s, rows))
    .onConflictDoUpdate({ target: s.tenant, set: { fullestLimit: sql`excluded.fullest_limit` } });
}

/** Deletes all figures. `resetCounts` then makes the counts of all tenants pending. */
export async function deleteFigures(tx: Queries, t: Schema): Promise<void> {
  for (const table of [t.featureDaily, t.tenantStats, t.refusedTenants, t.usageLevels]) await tx.delete(table);
  // The list of tenants is sorted by these rows, so each tenant needs one until its figures are computed.
  await addAllTenantStats(tx, t);
}

/** Makes all counts of the next tenants pending. Returns the last of them, or null at the end. */
export async function resetCounts(tx: Queries, { checkCounts: c }: Schema, after: string, size: number): Promise<string | null> {
  const found = await tx.selectDistinct({ tenant: c.tenant }).from(c).where(gt(c.tenant, after)).orderBy(asc(c.tenant)).limit(size);
  const last = found.at(-1)?.tenant;
  if (last === undefined) return null;
  await tx
    .update(c)
    .set({ counted: 0, pending: true })
    .where(and(gt(c.tenant, after), sql`${c.tenant} <= ${last}`));
  return last;
}
