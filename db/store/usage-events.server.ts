import { and, desc, eq, sql } from "drizzle-orm";
import { type Counter, counterOfTenantId } from "~/core/decision/usage";
import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { counterColumns, isWanted } from "./usage-totals.server";

/** `added`: null for a `set`, and for a consumption that was refused. `apiKey`: the id of the key that sent it; null: not known. */
export type RecordedEvent = {
  idempotencyKey: string;
  report: Json;
  at: Instant | null;
  recordedAt: Instant;
  added: number | null;
  apiKey: string | null;
};

/** The newest events of one counter by their own time. They are kept for eight days. */
export async function readCounterEvents(q: Queries, t: Schema, counter: Counter, limit: number): Promise<RecordedEvent[]> {
  const { usageEvents: e } = t;
  const { tenant, feature, periodKind, periodStart } = counter;
  const rows = await q
    .select({
      idempotencyKey: e.idempotencyKey,
      report: e.report,
      at: e.at,
      recordedAt: e.recordedAt,
      added: e.added,
      apiKey: e.apiKey,
    })
    .from(e)
    .where(and(eq(e.tenant, tenant), eq(e.feature, feature), eq(e.periodKind, periodKind), eq(e.periodStart, periodStart)))
    .orderBy(desc(e.at))
    .limit(limit);
  return rows.map(({ at, recordedAt, ...row }) => ({ ...row, at: at?.getTime() ?? null, recordedAt: recordedAt.getTime() }));
}

/** The newest `set` of each counter that had one: when, and the id of the API key that sent it. By `counterOfTenantId`. */
export async function readNewestSets(
  q: Queries,
  t: Schema,
  counters: Counter[],
): Promise<Map<string, { setAt: Instant; setBy: string | null }>> {
  if (counters.length === 0) return new Map();
  const u = t.usageTotals;
  const wanted = rowsAsOne(u, counters, [...counterColumns]);
  const { feature, periodKind, periodStart, setAt, setBy } = u;
  const rows = await q
    .select({ feature, periodKind, periodStart, setAt, setBy })
    .from(u)
    .innerJoin(sql`(${wanted}) as wanted`, isWanted(u));
  return new Map(
    rows.flatMap(({ setAt, setBy, ...counter }) =>
      setAt ? [[counterOfTenantId(counter), { setAt: setAt.getTime(), setBy }] as const] : [],
    ),
  );
}
