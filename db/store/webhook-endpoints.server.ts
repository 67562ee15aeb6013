import { and, asc, eq, inArray, lte, min, ne, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Lock, Queries } from "../database";
import type { Schema } from "../schema";
import { dateOrNull } from "./dates";

type Row = Schema["webhookEndpoints"]["$inferSelect"];
type Times = "oldSecretEndsAt" | "activeSince" | "createdAt" | "failingSince" | "pausedUntil" | "lastDeliveredAt";
export type WebhookEndpoint = Omit<Row, Times> & { activeSince: Instant; createdAt: Instant } & {
  [time in Exclude<Times, "activeSince" | "createdAt">]: Instant | null;
};

/** Held by everything that writes endpoints or deliveries, so that no lane is left without its first one. */
export const webhooksLock: Lock = { key: "webhooks" };

const at = (date: Date | null): Instant | null => date?.getTime() ?? null;

const endpointOf = (row: Row): WebhookEndpoint => ({
  ...row,
  oldSecretEndsAt: at(row.oldSecretEndsAt),
  activeSince: row.activeSince.getTime(),
  createdAt: row.createdAt.getTime(),
  failingSince: at(row.failingSince),
  pausedUntil: at(row.pausedUntil),
  lastDeliveredAt: at(row.lastDeliveredAt),
});

const rowOf = (endpoint: Partial<WebhookEndpoint>): Partial<Row> => {
  const { oldSecretEndsAt, activeSince, createdAt, failingSince, pausedUntil, lastDeliveredAt, ...rest } = endpoint;
  const dates = { oldSecretEndsAt, activeSince, createdAt, failingSince, pausedUntil, lastDeliveredAt };
  const given = Object.entries(dates).flatMap(([name, value]) => (value === undefined ? [] : [[name, dateOrNull(value)]]));
  return { ...rest, ...Object.fromEntries(given) };
};

/** Oldest first, without those that were removed. */
export async function listEndpoints(q: Queries, { webhookEndpoints: e }: Schema): Promise<WebhookEndpoint[]> {
  const rows = await q.select().from(e).where(ne(e.state, "removed")).orderBy(asc(e.createdAt), asc(e.id));
  return rows.map(endpointOf);
}

/** Null if there is none, or it was removed. */
export async function findEndpoint(q: Queries, { webhookEndpoints: e }: Schema, id: string): Promise<WebhookEndpoint | null> {
  const [row] = await q
    .select()
    .from(e)
    .where(and(eq(e.id, id), ne(e.state, "removed")));
  return row ? endpointOf(row) : null;
}

export async function insertEndpoint(tx: Queries, { webhookEndpoints: e }: Schema, endpoint: WebhookEndpoint): Promise<void> {
  await tx.insert(e).values(rowOf(endpoint) as Row);
}

export async function updateEndpoint(tx: Queries, { webhookEndpoints: e }: Schema, id: string, patch: Partial<WebhookEndpoint>) {
  await tx.update(e).set(rowOf(patch)).where(eq(e.id, id));
}

/** Deletes old secrets that no longer sign. */
export async function deleteEndedSecrets(tx: Queries, { webhookEndpoints: e }: Schema, now: Instant): Promise<void> {
  await tx
    .update(e)
    .set({ oldSecret: null, oldSecretEndsAt: null })
    .where(lte(e.oldSecretEndsAt, new Date(now)));
}

/**
 * After an endpoint is enabled: the first of each lane is due, and has all its attempts again. The one that was first
 * may have been deleted with age.
 */
export async function restartDeliveries(tx: Queries, { webhookDeliveries: d }: Schema, endpoint: string, now: Instant): Promise<void> {
  const firsts = tx
    .select({ seq: min(d.seq) })
    .from(d)
    .where(and(eq(d.endpoint, endpoint), sql`${d.state} = 'pending'`, eq(d.isManual, false)))
    .groupBy(d.lane);
  await tx
    .update(d)
    .set({ attempts: 0, nextAttemptAt: new Date(now) })
    .where(inArray(d.seq, firsts));
}
