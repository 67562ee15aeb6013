import { and, asc, eq, inArray, isNotNull, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import type { Instant } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** Group properties of one tenant, or of all after a catalogue change, are due. */
export const outboxTopics = { tenant: "group_sync", all: "group_sync_all" } as const;

type Due = { key: string; revision: number };

/**
 * One row per tenant: a newer revision replaces an older one not sent yet. `forced`: send even if PostHog has exactly
 * this.
 */
export async function wakeGroupSync(tx: Queries, t: Schema, due: Due[], at: Instant, forced = false): Promise<void> {
  // One global order prevents deadlocks.
  const inOrder = [...due].sort((a, b) => (a.key < b.key ? -1 : 1));
  await put(
    tx,
    t,
    inOrder.map(({ key, revision }) => row(outboxTopics.tenant, key, revision, at, forced)),
  );
}

export async function wakeGroupSyncOfAll(tx: Queries, t: Schema, revision: number, at: Instant, forced = false): Promise<void> {
  await put(tx, t, [row(outboxTopics.all, "", revision, at, forced)]);
}

const row = (topic: string, subject: string, revision: number, at: Instant, forced: boolean): Schema["outbox"]["$inferInsert"] => ({
  topic,
  subject,
  revision,
  createdAt: new Date(at),
  attempts: 0,
  forced,
});

async function put(tx: Queries, t: Schema, rows: Schema["outbox"]["$inferInsert"][]): Promise<void> {
  const { outbox } = t;
  await inBatches(rows, (batch) =>
    tx
      .insert(outbox)
      .values(batch)
      .onConflictDoUpdate({
        target: [outbox.topic, outbox.subject],
        set: {
          // A revision never decreases, because senders compare it with the one they read.
          revision: sql`case when excluded.revision > ${outbox.revision} then excluded.revision else ${outbox.revision} end`,
          forced: sql`excluded.forced or ${outbox.forced}`,
          attempts: 0,
          nextAttemptAt: null,
          lastError: null,
        },
      }),
  );
}

/** As read: it is removed only if unchanged. */
export type DueSync = { key: string; revision: number; forced: boolean; attempts: number; createdAt: Date };

/** Due deliveries, oldest first. */
export async function dueGroupSyncs(q: Queries, t: Schema, now: Instant, most: number): Promise<DueSync[]> {
  const { outbox } = t;
  const { subject: key, revision, forced, attempts, createdAt, nextAttemptAt } = outbox;
  const ofTenants = eq(outbox.topic, outboxTopics.tenant);
  // In the order of the index, also where the first column is null in all rows: PostgreSQL sorts the whole outbox otherwise.
  const read = (due: SQL, limit: number) =>
    q
      .select({ key, revision, forced, attempts, createdAt })
      .from(outbox)
      .where(and(ofTenants, due))
      .orderBy(asc(nextAttemptAt), asc(createdAt))
      .limit(limit);
  const fresh = await read(isNull(nextAttemptAt), most);
  if (fresh.length === most) return fresh;
  return [...fresh, ...(await read(lte(nextAttemptAt, new Date(now)), most - fresh.length))];
}

/** Null if nothing is due for all tenants. */
export async function dueSyncOfAll(q: Queries, t: Schema): Promise<DueSync | null> {
  const { subject: key, revision, forced, attempts, createdAt, topic } = t.outbox;
  const [found] = await q.select({ key, revision, forced, attempts, createdAt }).from(t.outbox).where(eq(topic, outboxTopics.all));
  return found ?? null;
}

const exactly = ({ outbox }: Schema, topic: string, { key, revision, forced }: DueSync) =>
  and(eq(outbox.topic, topic), eq(outbox.subject, key), eq(outbox.revision, revision), eq(outbox.forced, forced));

/** Rows changed meanwhile stay. */
export async function removeSyncs(tx: Queries, t: Schema, done: DueSync[], topic: string = outboxTopics.tenant): Promise<void> {
  if (done.length === 0) return;
  if (topic === outboxTopics.tenant) await lockInOrder(tx, t, done);
  await tx.delete(t.outbox).where(or(...done.map((d) => exactly(t, topic, d))));
}

/** Rows changed meanwhile stay due. */
export async function postponeSyncs(tx: Queries, t: Schema, failed: DueSync[], nextAttemptAt: Instant, lastError: string): Promise<void> {
  const { outbox } = t;
  await lockInOrder(tx, t, failed);
  await tx
    .update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, nextAttemptAt: new Date(nextAttemptAt), lastError })
    .where(or(...failed.map((d) => exactly(t, outboxTopics.tenant, d))));
}

/** Makes everything due that waited for PostHog. */
export async function releaseSyncs(tx: Queries, t: Schema): Promise<void> {
  const { outbox } = t;
  await tx
    .update(outbox)
    .set({ nextAttemptAt: null })
    .where(and(eq(outbox.topic, outboxTopics.tenant), isNotNull(outbox.nextAttemptAt)));
}

/** PostgreSQL locks rows in arbitrary order. SQLite has one writer and no such clause. */
async function lockInOrder(tx: Queries, { outbox }: Schema, rows: DueSync[]): Promise<void> {
  const keys = rows.map((r) => r.key);
  const found = tx
    .select({ key: outbox.subject })
    .from(outbox)
    .where(and(eq(outbox.topic, outboxTopics.tenant), inArray(outbox.subject, keys)))
    .orderBy(asc(outbox.subject)) as unknown as { for?: (strength: "update") => Promise<unknown> };
  await found.for?.("update");
}
