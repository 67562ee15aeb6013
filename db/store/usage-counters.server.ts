import { type SQL, sql } from "drizzle-orm";
import {
  addsNeededAfter,
  applyEvents,
  type Counter,
  type CounterEvent,
  type CounterState,
  counterId,
  setterAfter,
} from "~/core/decision/usage";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { dateOrNull } from "./dates";
import { addToDays } from "./usage-daily.server";
import { counterColumns, isWanted, type Total, totalColumns } from "./usage-totals.server";

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
      ...totalColumns(t),
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
  const found = await (isOnPostgres(t.usageTotals) ? (query as unknown as Locking).for("update", { of: u }) : query);
  return found.map(({ lastAt, updatedAt, ...row }) => ({ ...row, lastAt: lastAt?.getTime() ?? null, updatedAt: updatedAt.getTime() }));
}

/** See `writtenBy` in the schema. */
function thisWriter(t: Schema): SQL<number> {
  return isOnPostgres(t.usageTotals)
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
    .innerJoin(sql`(${rows}) as wanted`, sql`${isWanted(e)} and ${e.at} > wanted.at`)
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
  await addToDays(
    tx,
    t,
    changes.map(({ locked: { tenant, feature, periodKind, periodStart }, events }) => ({
      tenant,
      feature,
      periodKind,
      periodStart,
      events,
    })),
  );
  return { totals: await writeCounters(tx, t, applied, now), counted: applied.map(({ counted }) => counted) };
}

/** As text, because JSON numbers are exact only up to 2^53. */
const asText = (sum: bigint) => sum.toString() as unknown as number;

/** Writes locked counters, each at most once, and adds what they were before to the history. */
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
    used: asText(state.sum),
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
    const hadSet = counter.setAt !== null;
    if (sum === state.sum && hadSet === (state.setAt !== null)) return [];
    return [{ ...counter, usedBefore: asText(sum), hadSet, at: new Date(Math.max(updatedAt, now)) }];
  });
  // Of several changes in a millisecond, the first row has the value before it.
  await inBatches(history, (batch) => tx.insert(t.usageHistory).select(rowsAsOne(t.usageHistory, batch)).onConflictDoNothing());
  return changes.map(({ locked: { tenant, feature, periodKind, periodStart, version }, state }) => ({
    ...{ tenant, feature, periodKind, periodStart },
    ...{ sum: state.sum, setAt: state.setAt, version: version + 1 },
  }));
}
