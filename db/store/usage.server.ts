import { and, asc, eq, gte, is, or, Param, sql } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import type { Instant, Json } from "~/core/model";
import { mostUsed, type Tally } from "~/core/usage";
import type { Queries } from "../database";
import { rowsAsOne } from "../rows-as-one";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** One counter: a tenant's feature in one reset period (`periodStart` -1: it never resets). */
export type Counter = { tenant: string; feature: string; periodStart: number };
export type Total = Counter & { used: number };

const columns = ({ usageTotals: t }: Schema) => ({ tenant: t.tenant, feature: t.feature, periodStart: t.periodStart, used: t.used });

export async function readTotals(q: Queries, t: Schema, tenant: string, counters: Omit<Counter, "tenant">[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  const u = t.usageTotals;
  const any = or(...counters.map((c) => and(eq(u.feature, c.feature), eq(u.periodStart, c.periodStart))));
  return q
    .select(columns(t))
    .from(u)
    .where(and(eq(u.tenant, tenant), any));
}

/** The same of counters of any tenants; one that was never written is left out. */
export async function readTotalsOf(q: Queries, t: Schema, counters: Counter[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  const u = t.usageTotals;
  const wanted = rowsAsOne(u, counters, ["tenant", "feature", "periodStart"]);
  const isIt = sql`wanted.tenant = ${u.tenant} and wanted.feature = ${u.feature} and wanted.period_start = ${u.periodStart}`;
  return q.select(columns(t)).from(u).innerJoin(sql`(${wanted}) as wanted`, isIt);
}

/**
 * Counters, each once, which nobody else changes until this transaction ends: reports take no lock but the row's. SQLite has one
 * writer anyway, and needs no lock. A counter that was never written is 0.
 */
export async function holdTotals(tx: Queries, t: Schema, counters: Counter[], now: Instant): Promise<Total[]> {
  const u = t.usageTotals;
  if (!is(u, PgTable)) return readTotalsOf(tx, t, counters);
  // In one order everywhere, so that two transactions that hold the same counters cannot wait for each other.
  const inOrder = [...counters].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const rows = inOrder.map((c) => ({ ...c, used: 0, usedBefore: 0, updatedAt: new Date(now) }));
  const wanted = rowsAsOne(u, inOrder, ["tenant", "feature", "periodStart"]);
  const isIt = sql`wanted.tenant = ${u.tenant} and wanted.feature = ${u.feature} and wanted.period_start = ${u.periodStart}`;
  const found = () => {
    const query = tx
      .select(columns(t))
      .from(u)
      .innerJoin(sql`(${wanted}) as wanted`, isIt)
      .orderBy(asc(u.tenant), asc(u.feature), asc(u.periodStart));
    return (query as unknown as { for: (strength: "update", of: { of: unknown }) => Promise<Total[]> }).for("update", { of: u });
  };
  const held = await found();
  if (held.length === counters.length) return held;
  await tx.insert(u).select(rowsAsOne(u, rows)).onConflictDoNothing();
  return found();
}

/** Reads what any process wrote at an instant or since. */
export function totalsSinceReader(q: Queries, t: Schema): (since: Instant) => Promise<Total[]> {
  const { updatedAt } = t.usageTotals;
  const since = new Param(sql.placeholder("since"), updatedAt);
  const query = q.select(columns(t)).from(t.usageTotals).where(gte(updatedAt, since)).prepare();
  return (instant) => query.execute({ since: new Date(instant) });
}

export type NewReport = { tenant: string; idempotencyKey: string; feature: string; report: Json; answer?: Json };

const id = (tenant: string, key: string) => `${tenant}\n${key}`;

/** Notes the reports; returns which of them are new, as `tenant\nkey`. Whoever notes one first, on whichever node, is the one that counts. */
export async function noteReports(tx: Queries, t: Schema, reports: NewReport[], now: Instant): Promise<Set<string>> {
  const fresh = new Set<string>();
  // In one order everywhere, so that two nodes that note the same reports cannot wait for each other.
  const inOrder = [...reports].sort((a, b) => (id(a.tenant, a.idempotencyKey) < id(b.tenant, b.idempotencyKey) ? -1 : 1));
  const rows = inOrder.map((r) => ({ ...r, recordedAt: new Date(now) }));
  await inBatches(rows, async (batch) => {
    const noted = await tx
      .insert(t.usageEvents)
      .select(rowsAsOne(t.usageEvents, batch))
      .onConflictDoNothing()
      .returning({ tenant: t.usageEvents.tenant, key: t.usageEvents.idempotencyKey });
    for (const row of noted) fresh.add(id(row.tenant, row.key));
  });
  return fresh;
}

export type NotedReport = { tenant: string; idempotencyKey: string; report: Json; answer: Json | null; recordedAt: Instant };

/** Of these, the ones that are noted, as they were noted first. */
export async function readReports(q: Queries, t: Schema, wanted: Pick<NotedReport, "tenant" | "idempotencyKey">[]): Promise<NotedReport[]> {
  const { usageEvents: e } = t;
  if (wanted.length === 0) return [];
  const keys = rowsAsOne(e, wanted, ["tenant", "idempotencyKey"]);
  const rows = await q
    .select({ tenant: e.tenant, idempotencyKey: e.idempotencyKey, report: e.report, answer: e.answer, recordedAt: e.recordedAt })
    .from(e)
    .innerJoin(sql`(${keys}) as wanted`, sql`wanted.tenant = ${e.tenant} and wanted.idempotency_key = ${e.idempotencyKey}`);
  return rows.map((row) => ({ ...row, recordedAt: row.recordedAt.getTime() }));
}

/** Adds to (or sets) counters, each at most once, and returns what they are now. Never below 0, never past 2^53 - 1. */
export async function addToTotals(tx: Queries, t: Schema, changes: (Counter & Tally)[], now: Instant): Promise<Total[]> {
  const u = t.usageTotals;
  const updatedAt = new Date(now);
  const totals: (Total & { usedBefore: number; updatedAt: Date })[] = [];
  // In one order everywhere, so that two transactions that touch the same counters cannot wait for each other.
  const inOrder = [...changes].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  for (const run of runsOfOneKind(inOrder)) {
    const first = run[0] as Tally;
    const isApart = kindOf(first) === "apart";
    const sum = isApart ? sql`${u.used} + ${first.add}` : sql`${u.used} + excluded.used`;
    const { least, most } = isApart ? first : { least: 0, most: mostUsed };
    const next = sql`case when ${sum} < ${least} then ${least} when ${sum} > ${most} then ${most} else ${sum} end`;
    const used = kindOf(first) === "set" ? sql`excluded.used` : next;
    const later = sql`case when excluded.updated_at > ${u.updatedAt} then excluded.updated_at else ${u.updatedAt} end`;
    const rows = run.map((c) => ({ ...c, used: c.set ?? c.least, usedBefore: 0, updatedAt }));
    await inBatches(rows, async (batch) => {
      const written = await tx
        .insert(u)
        .select(rowsAsOne(u, batch))
        .onConflictDoUpdate({ target: [u.tenant, u.feature, u.periodStart], set: { used, usedBefore: u.used, updatedAt: later } })
        .returning({ ...columns(t), usedBefore: u.usedBefore, updatedAt: u.updatedAt });
      totals.push(...written);
    });
  }
  const changed = totals.filter((total) => total.used !== total.usedBefore).map(({ updatedAt, ...total }) => ({ ...total, at: updatedAt }));
  // Of several in one millisecond the first says what was before it.
  await inBatches(changed, (batch) => tx.insert(t.usageHistory).select(rowsAsOne(t.usageHistory, batch)).onConflictDoNothing());
  return totals;
}

/** What counters were at an instant, where changes are known from `knownSince` on; null: not known any more. */
export async function readTotalsAt(
  q: Queries,
  t: Schema,
  tenant: string,
  counters: Omit<Counter, "tenant">[],
  at: Instant,
  knownSince: Instant,
): Promise<(Counter & { used: number | null })[]> {
  if (counters.length === 0) return [];
  const { usageTotals: u, usageHistory: h } = t;
  const any = or(...counters.map((c) => and(eq(u.feature, c.feature), eq(u.periodStart, c.periodStart))));
  const isLater = sql`h.at > ${sql.param(new Date(at), h.at)}`;
  const ofIt = sql`h.tenant = usage_totals.tenant and h.feature = usage_totals.feature and h.period_start = usage_totals.period_start`;
  const before = sql<
    number | null
  >`(select coalesce(h.used_before, ${unknown}) from usage_history h where ${ofIt} and ${isLater} order by h.at limit 1)`;
  const rows = await q
    .select({ ...columns(t), updatedAt: u.updatedAt, before: before.mapWith(Number) })
    .from(u)
    .where(and(eq(u.tenant, tenant), any));
  return rows.map(({ used, updatedAt, before, ...counter }) => {
    if (updatedAt.getTime() <= at) return { ...counter, used };
    if (at < knownSince || before === unknown) return { ...counter, used: null };
    return { ...counter, used: before ?? used };
  });
}

const unknown = -1;

/** `apart`: no row of its own could say how much is taken away, or where it stops. */
const kindOf = ({ set, add, least, most }: Tally) => (set !== null ? "set" : add === least && most === mostUsed ? "more" : "apart");

/** Neighbours that one statement can do. */
function runsOfOneKind<T extends Tally>(changes: T[]): T[][] {
  const runs: T[][] = [];
  for (const change of changes) {
    const run = runs.at(-1);
    const kind = kindOf(change);
    if (run?.[0] && kind !== "apart" && kind === kindOf(run[0])) run.push(change);
    else runs.push([change]);
  }
  return runs;
}

const orderOf = (c: Counter) => `${c.tenant}\n${c.feature}\n${c.periodStart}`;
