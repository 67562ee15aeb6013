import { and, asc, desc, eq, getTableColumns, inArray, isNull, lt, lte, min, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { DeliveryState } from "~/core/webhooks/delivery-states";
import type { HookEvent } from "~/core/webhooks/hook-event";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { dateOrNull } from "./dates";

type Row = Schema["webhookDeliveries"]["$inferSelect"];
type Times = "nextAttemptAt" | "createdAt" | "attemptedAt";
export type WebhookDelivery = Omit<Row, Times> & { createdAt: Instant; nextAttemptAt: Instant | null; attemptedAt: Instant | null };
/** For the log of an endpoint. */
export type DeliveryLine = Omit<WebhookDelivery, "request" | "answer">;

/** An event with its id, for the endpoints that want it. */
export type EventToSend = HookEvent & { id: string; endpoints: string[] };

const times = (row: Pick<Row, Times>) => ({
  createdAt: row.createdAt.getTime(),
  nextAttemptAt: row.nextAttemptAt?.getTime() ?? null,
  attemptedAt: row.attemptedAt?.getTime() ?? null,
});
const laneOf = (event: HookEvent) => event.tenant ?? "";
const isPending = ({ webhookDeliveries: d }: Schema) => sql`${d.state} = 'pending'`;

/** Writes events and their deliveries. An event that exists already is left out. Needs `webhooksLock`. */
export async function insertEvents(tx: Queries, t: Schema, events: readonly EventToSend[], now: Instant): Promise<void> {
  const { webhookEvents: e } = t;
  const createdAt = new Date(now);
  const rows = events.map(({ id, type, tenant, at, data }) => ({ id, type, tenant: tenant ?? "", at: new Date(at), createdAt, data }));
  const seqs = new Map<string, number>();
  await inBatches(rows, async (batch) => {
    const written = await tx.insert(e).values(batch).onConflictDoNothing().returning({ id: e.id, seq: e.seq });
    for (const { id, seq } of written) seqs.set(id, seq);
  });
  const deliveries = events.flatMap((event) => {
    const seq = seqs.get(event.id);
    return seq === undefined ? [] : event.endpoints.map((endpoint) => ({ endpoint, event: seq, type: event.type, lane: laneOf(event) }));
  });
  await insertDeliveries(tx, t, deliveries, createdAt);
}

type NewDelivery = Pick<Row, "endpoint" | "event" | "type" | "lane">;

async function insertDeliveries(tx: Queries, t: Schema, deliveries: readonly NewDelivery[], createdAt: Date): Promise<void> {
  const { webhookDeliveries: d } = t;
  const nameOf = ({ endpoint, lane }: Pick<Row, "endpoint" | "lane">) => `${endpoint}\n${lane}`;
  const busy = new Set<string>();
  const lanes = [...new Set(deliveries.map(({ lane }) => lane))];
  for (const endpoint of new Set(deliveries.map((one) => one.endpoint)))
    await inBatches(lanes, async (batch) => {
      const found = await tx
        .selectDistinct({ endpoint: d.endpoint, lane: d.lane })
        .from(d)
        .where(and(eq(d.endpoint, endpoint), inArray(d.lane, batch), isPending(t)));
      for (const row of found) busy.add(nameOf(row));
    });
  const rows = deliveries.map((delivery) => {
    const isFirst = !busy.has(nameOf(delivery));
    busy.add(nameOf(delivery));
    const nextAttemptAt = isFirst ? createdAt : null;
    return { ...delivery, isManual: false, state: "pending" as const, attempts: 0, nextAttemptAt, createdAt };
  });
  await inBatches(rows, (batch) => tx.insert(d).values(batch));
}

/** A test, or an event that is sent again: in a lane of its own, due now. Returns its number. */
export async function insertManualDelivery(
  tx: Queries,
  { webhookDeliveries: d }: Schema,
  delivery: Pick<Row, "endpoint" | "event" | "type"> & { id: string },
  now: Instant,
): Promise<number> {
  const { id, ...rest } = delivery;
  const at = new Date(now);
  const row = { ...rest, lane: `\n${id}`, isManual: true, state: "pending" as const, attempts: 0, nextAttemptAt: at, createdAt: at };
  const [written] = await tx.insert(d).values(row).returning({ seq: d.seq });
  return (written as { seq: number }).seq;
}

/** Writes an event that only one delivery is about. Returns its number. */
export async function insertEvent(tx: Queries, { webhookEvents: e }: Schema, event: HookEvent & { id: string }, now: Instant) {
  const { id, type, tenant, at, data } = event;
  const [row] = await tx
    .insert(e)
    .values({ id, type, tenant: tenant ?? "", at: new Date(at), createdAt: new Date(now), data })
    .returning({ seq: e.seq });
  return (row as { seq: number }).seq;
}

/** Deliveries that are due, in order of their due times. */
export async function dueDeliveries(
  q: Queries,
  { webhookDeliveries: d }: Schema,
  { endpoint, isManual }: { endpoint: string; isManual: boolean },
  now: Instant,
  size: number,
): Promise<WebhookDelivery[]> {
  const rows = await q
    .select()
    .from(d)
    .where(and(eq(d.endpoint, endpoint), eq(d.isManual, isManual), lte(d.nextAttemptAt, new Date(now))))
    .orderBy(asc(d.nextAttemptAt), asc(d.seq))
    .limit(size);
  return rows.map((row) => ({ ...row, ...times(row) }));
}

export async function findDelivery(q: Queries, { webhookDeliveries: d }: Schema, seq: number): Promise<WebhookDelivery | null> {
  const [row] = await q.select().from(d).where(eq(d.seq, seq));
  return row ? { ...row, ...times(row) } : null;
}

export type StoredEvent = HookEvent & { id: string };

/** Null once it was deleted. */
export async function findEvent(q: Queries, { webhookEvents: e }: Schema, seq: number): Promise<StoredEvent | null> {
  const [row] = await q.select().from(e).where(eq(e.seq, seq));
  if (!row) return null;
  const { id, type, tenant, at, data } = row;
  return { id, type, tenant: tenant === "" ? null : tenant, about: "", at: at.getTime(), data };
}

/** Needs `webhooksLock`. If it is over, the next one of its lane becomes due. */
export async function updateDelivery(
  tx: Queries,
  t: Schema,
  { seq, endpoint, lane }: Pick<WebhookDelivery, "seq" | "endpoint" | "lane">,
  patch: Partial<Omit<WebhookDelivery, "createdAt">>,
  now: Instant,
): Promise<void> {
  const { webhookDeliveries: d } = t;
  const { nextAttemptAt, attemptedAt, ...rest } = patch;
  const dates = {
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: dateOrNull(nextAttemptAt) }),
    ...(attemptedAt === undefined ? {} : { attemptedAt: dateOrNull(attemptedAt) }),
  };
  await tx
    .update(d)
    .set({ ...rest, ...dates })
    .where(eq(d.seq, seq));
  if (patch.state === undefined || patch.state === "pending") return;
  const [next] = await tx
    .select({ seq: min(d.seq) })
    .from(d)
    .where(and(eq(d.endpoint, endpoint), eq(d.lane, lane), isPending(t)));
  if (next?.seq != null) await makeDue(tx, t, [next.seq], now);
}

/** Deliveries that became the first of their lane because retention deleted the one before. Nothing makes them due. */
export async function stalledDeliveries(q: Queries, t: Schema, endpoint: string, size: number): Promise<number[]> {
  const { webhookDeliveries: d } = t;
  const firsts = q
    .select({ seq: min(d.seq) })
    .from(d)
    .where(and(eq(d.endpoint, endpoint), isPending(t)))
    .groupBy(d.lane);
  const rows = await q
    .select({ seq: d.seq })
    .from(d)
    .where(and(inArray(d.seq, firsts), isNull(d.nextAttemptAt)))
    .limit(size);
  return rows.map(({ seq }) => seq);
}

/** Needs `webhooksLock`. Skips those that are over or have a next attempt. */
export async function makeDue(tx: Queries, t: Schema, seqs: readonly number[], now: Instant): Promise<void> {
  const { webhookDeliveries: d } = t;
  await inBatches([...seqs], (batch) =>
    tx
      .update(d)
      .set({ nextAttemptAt: new Date(now) })
      .where(and(inArray(d.seq, batch), isPending(t), isNull(d.nextAttemptAt))),
  );
}

/** Newest first. */
export async function listDeliveries(
  q: Queries,
  { webhookDeliveries: d }: Schema,
  { endpoint, state, before, size }: { endpoint: string; state?: DeliveryState; before?: number; size: number },
): Promise<DeliveryLine[]> {
  const { request: _, answer: __, ...columns } = getTableColumns(d);
  const rows = await q
    .select(columns)
    .from(d)
    .where(
      and(
        eq(d.endpoint, endpoint),
        state === undefined ? undefined : eq(d.state, state),
        before === undefined ? undefined : lt(d.seq, before),
      ),
    )
    .orderBy(desc(d.seq))
    .limit(size);
  return rows.map((row) => ({ ...row, ...times(row) }));
}

/** Counts pending deliveries, up to a bound. */
export async function countPending(q: Queries, t: Schema, endpoint: string, bound: number): Promise<number> {
  const { webhookDeliveries: d } = t;
  const some = q
    .select({ seq: d.seq })
    .from(d)
    .where(and(eq(d.endpoint, endpoint), isPending(t)))
    .limit(bound)
    .as("some");
  const [row] = await q.select({ n: sql<number>`count(*)` }).from(some);
  return Number(row?.n ?? 0);
}

/** By number. Deleted ones are omitted. */
export async function findEvents(
  q: Queries,
  { webhookEvents: e }: Schema,
  seqs: number[],
): Promise<Map<number, Pick<StoredEvent, "type" | "data">>> {
  if (seqs.length === 0) return new Map();
  const rows = await q.select({ seq: e.seq, type: e.type, data: e.data }).from(e).where(inArray(e.seq, seqs));
  return new Map(rows.map(({ seq, ...event }) => [seq, event]));
}
