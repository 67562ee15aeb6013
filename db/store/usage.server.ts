import { and, eq, gt, is, max, or, type SQL, sql } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import {
  addsNeededAfter,
  applyEvents,
  type Counter,
  type CounterEvent,
  type CounterState,
  setterAfter,
  shownUsed,
} from "~/core/decision/usage";
import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** A counter's displayed total. The larger `version` of two readings is newer. */
export type Total = Counter & { used: number; version: number };

const counterColumns = ["tenant", "feature", "periodKind", "periodStart"] as const;
/** The sum is read as text, because driver numbers are exact only up to 2^53. */
const asShown = (sum: SQL) => sum.mapWith((text: string) => shownUsed(BigInt(text)));
const usedText = ({ usageTotals: u }: Schema) => sql<string>`cast(${u.used} as text)`;
const columns = (t: Schema) => {
  const { tenant, feature, periodKind, periodStart, version } = t.usageTotals;
  return { tenant, feature, periodKind, periodStart, version, used: asShown(usedText(t)) as SQL<number> };
};
const isWanted = (u: Schema["usageTotals"]) =>
  sql`wanted.tenant = ${u.tenant} and wanted.feature = ${u.feature} and wanted.period_kind = ${u.periodKind} and wanted.period_start = ${u.periodStart}`;

function isOneOf({ usageTotals: u }: Schema, tenant: string, counters: Omit<Counter, "tenant">[]) {
  const any = counters.map((c) => and(eq(u.feature, c.feature), eq(u.periodKind, c.periodKind), eq(u.periodStart, c.periodStart)));
  return and(eq(u.tenant, tenant), or(...any));
}

export async function readTotals(q: Queries, t: Schema, tenant: string, counters: Omit<Counter, "tenant">[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  return q
    .select(columns(t))
    .from(t.usageTotals)
    .where(isOneOf(t, tenant, counters));
}

/** Variant for counters of any tenants; counters never written are omitted. */
export async function readTotalsOf(q: Queries, t: Schema, counters: Counter[]): Promise<Total[]> {
  if (counters.length === 0) return [];
  const u = t.usageTotals;
  const wanted = rowsAsOne(u, counters, [...counterColumns]);
  return q.select(columns(t)).from(u).innerJoin(sql`(${wanted}) as wanted`, isWanted(u));
}

const isPostgres = (t: Schema) => is(t.usageTotals, PgTable);

/** A counter locked by this transaction. */
export type LockedCounter = Counter & CounterState & { setBy: string | null; version: number; writtenBy: number; updatedAt: Instant };

/** Reads and locks counters until the transaction ends; new ones start at 0. One global lock order prevents deadlocks. */
export async function lockCounters(tx: Queries, t: Schema, counters: Counter[]): Promise<LockedCounter[]> {
  const u = t.usageTotals;
  const inOrder = [...counters].sort((a, b) => (counterId(a) < counterId(b) ? -1 : 1));
  const locked: LockedCounter[] = [];
  await inBatches(inOrder, async (batch) => {
    let found = await lockExisting(tx, t, batch);
    if (found.length < batch.length) {
      const rows = batch.map((c) => ({ ...c, used: 0, updatedAt: new Date(0), version: 0, writtenBy: 0 }));
      await tx.insert(u).select(rowsAsOne(u, rows)).onConflictDoNothing();
      found = await lockExisting(tx, t, batch);
    }
    locked.push(...found);
  });
  return locked;
}

async function lockExisting(tx: Queries, t: Schema, counters: Counter[]): Promise<LockedCounter[]> {
  const u = t.usageTotals;
  const query = tx
    .select({
      ...columns(t),
      used: usedText(t),
      setAt: u.setAt,
      setBy: u.setBy,
      lastAt: u.lastAt,
      updatedAt: u.updatedAt,
      writtenBy: thisWriter(t),
    })
    .from(u)
    .innerJoin(sql`(${rowsAsOne(u, counters, [...counterColumns])}) as wanted`, isWanted(u))
    .orderBy(u.tenant, u.feature, u.periodKind, u.periodStart);
  // SQLite has one writer and no such clause.
  type Locking = { for(strength: "update", config: { of: unknown }): typeof query };
  const found = await (isPostgres(t) ? (query as unknown as Locking).for("update", { of: u }) : query);
  return found.map(({ used, setAt, lastAt, updatedAt, ...row }) => {
    const state = { sum: BigInt(used), setAt: setAt?.getTime() ?? null, lastAt: lastAt?.getTime() ?? null };
    return { ...row, ...state, updatedAt: updatedAt.getTime() };
  });
}

/** See `writtenBy` in the schema. */
function thisWriter(t: Schema): SQL<number> {
  return isPostgres(t)
    ? sql`pg_current_xact_id()::text`.mapWith(Number)
    : sql`(select max(w.written_by) + 1 from ${t.usageTotals} as w)`.mapWith(Number);
}

/** Sums the `add` events of each counter later than its `after`, by event time. Returned in the same order. */
async function readAddedAfter(q: Queries, t: Schema, wanted: (Counter & { after: Instant })[]): Promise<bigint[]> {
  if (wanted.length === 0) return [];
  const e = t.usageEvents;
  const rows = rowsAsOne(
    e,
    wanted.map(({ tenant, feature, periodKind, periodStart, after }) => ({
      tenant,
      feature,
      periodKind,
      periodStart,
      at: new Date(after),
    })),
    [...counterColumns, "at"],
  );
  const isIt = sql`wanted.tenant = ${e.tenant} and wanted.feature = ${e.feature} and wanted.period_kind = ${e.periodKind} and wanted.period_start = ${e.periodStart}`;
  // In two halves, because SQLite's sum() fails above 2^63.
  const half = (part: SQL) => sql<string>`cast(coalesce(sum(${part}), 0) as text)`;
  const found = await q
    .select({
      tenant: e.tenant,
      feature: e.feature,
      periodKind: e.periodKind,
      periodStart: e.periodStart,
      high: half(sql`${e.added} / 4294967296`),
      low: half(sql`${e.added} % 4294967296`),
    })
    .from(e)
    .innerJoin(sql`(${rows}) as wanted`, sql`${isIt} and ${e.at} > wanted.at`)
    .groupBy(e.tenant, e.feature, e.periodKind, e.periodStart);
  const sums = new Map(found.map((f) => [counterId(f as Counter), BigInt(f.high) * 4294967296n + BigInt(f.low)]));
  return wanted.map((c) => sums.get(counterId(c)) ?? 0n);
}

/**
 * Applies events to locked counters, each counter at most once. The events are recorded already. `counted` says per
 * event whether it counts or was replaced by a newer `set`.
 */
export async function applyToCounters(
  tx: Queries,
  t: Schema,
  changes: { locked: LockedCounter; events: CounterEvent[] }[],
  now: Instant,
): Promise<{ totals: Total[]; counted: boolean[][] }> {
  const needed = changes.flatMap(({ locked: { tenant, feature, periodKind, periodStart, ...state }, events }, index) => {
    const after = addsNeededAfter(state, events);
    return after === null ? [] : [{ index, tenant, feature, periodKind, periodStart, after }];
  });
  const sums = await readAddedAfter(tx, t, needed);
  const addsAfter = new Map(needed.map(({ index }, i) => [index, sums[i]]));
  const applied = changes.map(({ locked, events }, i) => ({
    locked,
    setBy: setterAfter(locked, events),
    ...applyEvents(locked, events, addsAfter.get(i)),
  }));
  return { totals: await writeCounters(tx, t, applied, now), counted: applied.map(({ counted }) => counted) };
}

/** Writes locked counters, each at most once, and adds their previous displayed totals to the history. */
async function writeCounters(
  tx: Queries,
  t: Schema,
  changes: { locked: LockedCounter; setBy: string | null; state: CounterState }[],
  now: Instant,
): Promise<Total[]> {
  const u = t.usageTotals;
  const rows = changes.map(({ locked, setBy, state }) => ({
    ...locked,
    setBy,
    // As text, because JSON numbers are exact only up to 2^53.
    used: state.sum.toString() as unknown as number,
    setAt: dateOrNull(state.setAt),
    lastAt: dateOrNull(state.lastAt),
    version: locked.version + 1,
    updatedAt: new Date(Math.max(locked.updatedAt, now)),
  }));
  const excluded = (name: string) => sql.raw(`excluded.${name}`);
  const set = {
    used: excluded("used"),
    setAt: excluded("set_at"),
    lastAt: excluded("last_at"),
    setBy: excluded("set_by"),
    version: excluded("version"),
    writtenBy: excluded("written_by"),
    updatedAt: excluded("updated_at"),
  };
  await inBatches(rows, (batch) =>
    tx
      .insert(u)
      .select(rowsAsOne(u, batch))
      .onConflictDoUpdate({ target: [u.tenant, u.feature, u.periodKind, u.periodStart], set }),
  );
  const history = changes.flatMap(({ locked: { sum, updatedAt, ...counter }, state }) => {
    const usedBefore = shownUsed(sum);
    return usedBefore === shownUsed(state.sum) ? [] : [{ ...counter, usedBefore, at: new Date(Math.max(updatedAt, now)) }];
  });
  // Of several changes in a millisecond, the first row has the value before it.
  await inBatches(history, (batch) => tx.insert(t.usageHistory).select(rowsAsOne(t.usageHistory, batch)).onConflictDoNothing());
  return changes.map(({ locked: { tenant, feature, periodKind, periodStart, version }, state }) => ({
    ...{ tenant, feature, periodKind, periodStart },
    ...{ used: shownUsed(state.sum), version: version + 1 },
  }));
}

const dateOrNull = (at: Instant | null) => (at === null ? null : new Date(at));
/** In primary key order. */
const counterId = (c: Counter) => `${c.tenant}\n${c.feature}\n${c.periodKind}\n${c.periodStart}`;

export type NewReport = {
  tenant: string;
  idempotencyKey: string;
  feature: string;
  report: Json;
  answer?: Json;
  at: Instant;
  periodKind: Counter["periodKind"];
  periodStart: number;
  /** Null for a `set` and for a refused consumption. */
  added: number | null;
  /** The id of the API key that sent it. */
  apiKey: string | null;
};

const id = (tenant: string, key: string) => `${tenant}\n${key}`;

/** Records events and returns the new ones as `tenant\nkey`. The first node to record an event counts it. */
export async function noteReports(tx: Queries, t: Schema, reports: NewReport[], now: Instant): Promise<Set<string>> {
  const fresh = new Set<string>();
  // One global order prevents deadlocks between nodes that record the same events.
  const inOrder = [...reports].sort((a, b) => (id(a.tenant, a.idempotencyKey) < id(b.tenant, b.idempotencyKey) ? -1 : 1));
  const rows = inOrder.map((r) => ({ ...r, at: new Date(r.at), recordedAt: new Date(now) }));
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

/** Returns those that are recorded, as first recorded. */
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

/** Counters at an instant, if changes are known from `knownSince` on; otherwise null. */
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
  const isLater = sql`h.at > ${sql.param(new Date(at), h.at)}`;
  const ofIt = sql`h.tenant = usage_totals.tenant and h.feature = usage_totals.feature and h.period_kind = usage_totals.period_kind and h.period_start = usage_totals.period_start`;
  const before = sql<
    number | null
  >`(select coalesce(h.used_before, ${unknown}) from usage_history h where ${ofIt} and ${isLater} order by h.at limit 1)`;
  const rows = await q
    .select({ ...columns(t), updatedAt: u.updatedAt, before: before.mapWith(Number) })
    .from(u)
    .where(isOneOf(t, tenant, counters));
  return rows.map(({ used, updatedAt, before, version: _, ...counter }) => {
    if (updatedAt.getTime() <= at) return { ...counter, used };
    if (at < knownSince || before === unknown) return { ...counter, used: null };
    return { ...counter, used: before ?? used };
  });
}

const unknown = -1;

/** Totals committed since `cursor`, and the next cursor. */
export type TotalsSince = { totals: Total[]; cursor: string };

/**
 * Reads what any process committed since a cursor, without gaps and without clocks. SQLite's transactions are
 * sequential, so their largest number is enough. PostgreSQL draws ids before a commit, so the cursor is a snapshot, and
 * rows not visible in it are new; a transaction that is still open is in no snapshot, however long it runs.
 */
export function totalsReader(q: Queries, t: Schema): { start(): Promise<string>; since(cursor: string): Promise<TotalsSince> } {
  return isPostgres(t) ? totalsBySnapshot(q, t) : totalsByNumber(q, t);
}

function totalsByNumber(q: Queries, t: Schema) {
  const u = t.usageTotals;
  const rows = q
    .select({ ...columns(t), writtenBy: u.writtenBy })
    .from(u)
    .where(gt(u.writtenBy, sql.placeholder("cursor")))
    .prepare();
  return {
    async start(): Promise<string> {
      const [row] = await q.select({ newest: max(u.writtenBy) }).from(u);
      return String(row?.newest ?? 0);
    },
    async since(cursor: string): Promise<TotalsSince> {
      let newest = Number(cursor);
      const found = await rows.execute({ cursor: newest });
      const totals = found.map(({ writtenBy, ...total }) => {
        newest = Math.max(newest, writtenBy);
        return total;
      });
      return { totals, cursor: String(newest) };
    },
  };
}

function totalsBySnapshot(q: Queries, t: Schema) {
  const u = t.usageTotals;
  async function start(): Promise<string> {
    const [row] = await q.select({ snapshot: sql<string>`s.now::text` }).from(sql`(select pg_current_snapshot() as now) as s`);
    if (!row) throw new Error("PostgreSQL gave no snapshot.");
    return row.snapshot;
  }
  return {
    start,
    async since(cursor: string): Promise<TotalsSince> {
      const now = await start();
      // The first condition uses the index: everything below was visible before.
      const isNew = sql`${u.writtenBy} >= pg_snapshot_xmin(${cursor}::pg_snapshot)::text::bigint
        and not pg_visible_in_snapshot(${u.writtenBy}::text::xid8, ${cursor}::pg_snapshot)
        and pg_visible_in_snapshot(${u.writtenBy}::text::xid8, ${now}::pg_snapshot)`;
      return { totals: await q.select(columns(t)).from(u).where(isNew), cursor: now };
    },
  };
}
