import { and, eq, gte, inArray, lt, or, sql } from "drizzle-orm";
import type { Instant, Json } from "~/core/model";
import type { Tally } from "~/core/usage";
import type { Queries } from "../database";
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

/** What was written since, by any process. */
export async function readTotalsSince(q: Queries, t: Schema, since: Instant): Promise<Total[]> {
  return q
    .select(columns(t))
    .from(t.usageTotals)
    .where(gte(t.usageTotals.updatedAt, new Date(since)));
}

export type NewReport = { tenant: string; idempotencyKey: string; feature: string; report: Json; answer?: Json };

const id = (tenant: string, key: string) => `${tenant}\n${key}`;

/** Notes the reports; returns which of them are new, as `tenant\nkey`. Whoever notes one first, on whichever node, is the one that counts. */
export async function noteReports(tx: Queries, t: Schema, reports: NewReport[], now: Instant): Promise<Set<string>> {
  const fresh = new Set<string>();
  // In one order everywhere, so that two nodes that note the same reports cannot wait for each other.
  const inOrder = [...reports].sort((a, b) => (id(a.tenant, a.idempotencyKey) < id(b.tenant, b.idempotencyKey) ? -1 : 1));
  await inBatches(inOrder, async (batch) => {
    const rows = await tx
      .insert(t.usageEvents)
      .values(batch.map((r) => ({ ...r, answer: r.answer ?? null, recordedAt: new Date(now) })))
      .onConflictDoNothing()
      .returning({ tenant: t.usageEvents.tenant, key: t.usageEvents.idempotencyKey });
    for (const row of rows) fresh.add(id(row.tenant, row.key));
  });
  return fresh;
}

export async function readReports(
  q: Queries,
  t: Schema,
  tenant: string,
  keys: string[],
): Promise<{ idempotencyKey: string; report: Json; answer: Json | null }[]> {
  const { usageEvents: e } = t;
  return q
    .select({ idempotencyKey: e.idempotencyKey, report: e.report, answer: e.answer })
    .from(e)
    .where(and(eq(e.tenant, tenant), inArray(e.idempotencyKey, keys)));
}

/** Adds to (or sets) counters and returns what they are now. Never below 0, never past 2^53 - 1. */
export async function addToTotals(tx: Queries, t: Schema, changes: (Counter & Tally)[], now: Instant): Promise<Total[]> {
  const u = t.usageTotals;
  const updatedAt = new Date(now);
  const totals: Total[] = [];
  const inOrder = [...changes].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  for (const { tenant, feature, periodStart, set, add } of inOrder) {
    const first = Math.min(Math.max(0, set ?? add), Number.MAX_SAFE_INTEGER);
    const sum = sql`${u.used} + ${add}`;
    const next =
      set === null
        ? sql`case when ${sum} < 0 then 0 when ${sum} > ${Number.MAX_SAFE_INTEGER} then ${Number.MAX_SAFE_INTEGER} else ${sum} end`
        : sql`${first}`;
    const rows = await tx
      .insert(u)
      .values({ tenant, feature, periodStart, used: first, updatedAt })
      .onConflictDoUpdate({ target: [u.tenant, u.feature, u.periodStart], set: { used: next, updatedAt } })
      .returning(columns(t));
    totals.push(...rows);
  }
  return totals;
}

const orderOf = (c: Counter) => `${c.tenant}\n${c.feature}\n${c.periodStart}`;

/** Reports that can no longer come again. Returns how many went. */
export async function forgetReports(tx: Queries, t: Schema, before: Instant): Promise<number> {
  const gone = await tx
    .delete(t.usageEvents)
    .where(lt(t.usageEvents.recordedAt, new Date(before)))
    .returning({ tenant: t.usageEvents.tenant });
  return gone.length;
}
