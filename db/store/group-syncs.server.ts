import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lte, type SQL, sql } from "drizzle-orm";
import type { Instant, Json, TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { outboxTopics } from "./outbox.server";

export type SentProperties = { [name: string]: Json };

/** A tenant's facts and what PostHog last accepted; `sent` is null if nothing was sent. */
export type ForSync = { facts: TenantFacts; sent: SentProperties | null };

function forSync(q: Queries, t: Schema) {
  const { tenants, factsHistory: h, groupSyncs } = t;
  return q
    .select({ facts: h.document, sent: groupSyncs.properties })
    .from(tenants)
    .innerJoin(h, and(eq(h.kind, "tenant"), eq(h.subject, tenants.key), eq(h.revision, tenants.revision)))
    .leftJoin(groupSyncs, eq(groupSyncs.tenant, tenants.key));
}

/** The newest facts; missing tenants are omitted. */
export async function readForSync(q: Queries, t: Schema, keys: string[]): Promise<ForSync[]> {
  if (keys.length === 0) return [];
  return (await forSync(q, t).where(inArray(t.tenants.key, keys))) as ForSync[];
}

/** The next `size` keys of tenants after `after`, in order. */
export async function nextTenantKeys(q: Queries, { tenants }: Schema, after: string, size: number): Promise<string[]> {
  const { key } = tenants;
  const page = await q.select({ key }).from(tenants).where(gt(key, after)).orderBy(asc(key)).limit(size);
  return page.map((row) => row.key);
}

/** The next `size` tenants after `after`, in key order. */
export async function nextForSync(q: Queries, t: Schema, after: string, size: number): Promise<ForSync[]> {
  // In a single query SQLite would sort all remaining rows for every page.
  const keys = await nextTenantKeys(q, t, after, size);
  const byKey = new Map((await readForSync(q, t, keys)).map((row) => [row.facts.key, row]));
  return keys.flatMap((key) => byKey.get(key) ?? []);
}

export type Accepted = { tenant: string; revision: number; properties: SentProperties };

export async function recordAccepted(tx: Queries, t: Schema, accepted: Accepted[], at: Instant): Promise<void> {
  const { groupSyncs } = t;
  const rows = accepted.map((a) => ({ ...a, sentAt: new Date(at) })).sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  await inBatches(rows, (batch) =>
    tx
      .insert(groupSyncs)
      .values(batch)
      .onConflictDoUpdate({
        target: groupSyncs.tenant,
        set: { revision: sql`excluded.revision`, sentAt: sql`excluded.sent_at`, properties: sql`excluded.properties` },
        setWhere: sql`excluded.revision >= ${groupSyncs.revision}`,
      }),
  );
}

/** Properties of one tenant that PostHog accepted last; null: none. */
export async function readSentProperties(q: Queries, { groupSyncs }: Schema, tenant: string): Promise<SentProperties | null> {
  const [row] = await q.select({ properties: groupSyncs.properties }).from(groupSyncs).where(eq(groupSyncs.tenant, tenant));
  return row?.properties ?? null;
}

/** Adds properties that PostHog turned out to hold, as empty texts, to those it accepted. Nothing happens for a tenant never sent. */
export async function addHeldProperties(tx: Queries, t: Schema, tenant: string, names: readonly string[]): Promise<void> {
  const sent = await readSentProperties(tx, t, tenant);
  if (sent === null) return;
  const properties = { ...Object.fromEntries(names.map((name) => [name, ""])), ...sent };
  await tx.update(t.groupSyncs).set({ properties }).where(eq(t.groupSyncs.tenant, tenant));
}

/** A tenant's accepted properties and pending change. */
export async function readTenantSync(q: Queries, t: Schema, key: string) {
  const [sent] = await q.select().from(t.groupSyncs).where(eq(t.groupSyncs.tenant, key));
  const due = and(eq(t.outbox.topic, outboxTopics.tenant), eq(t.outbox.subject, key));
  const [waiting] = await q.select().from(t.outbox).where(due);
  return { sent: sent ?? null, waiting: waiting ?? null };
}

export async function countTenants(q: Queries, t: Schema): Promise<number> {
  const [row] = await q.select({ n: count() }).from(t.tenants);
  return Number(row?.n ?? 0);
}

/** Tenants with pending changes. `failing` counts those waiting for a retry. Counted in an index. */
export async function countWaiting(q: Queries, t: Schema): Promise<{ all: number; failing: number }> {
  const { topic, nextAttemptAt } = t.outbox;
  const waits = eq(topic, outboxTopics.tenant);
  const [all] = await q.select({ n: count() }).from(t.outbox).where(waits);
  const [failing] = await q
    .select({ n: count() })
    .from(t.outbox)
    .where(and(waits, isNotNull(nextAttemptAt)));
  return { all: Number(all?.n ?? 0), failing: Number(failing?.n ?? 0) };
}

export type Waiting = Schema["outbox"]["$inferSelect"] & { name: string };

/** Failing ones first, at most `most`. */
export async function listWaiting(q: Queries, t: Schema, most: number): Promise<Waiting[]> {
  const { topic, nextAttemptAt, createdAt, subject } = t.outbox;
  // In the order of the index, also where the first column is null in all rows: PostgreSQL sorts the whole outbox otherwise.
  const read = (due: SQL, limit: number) =>
    q
      .select()
      .from(t.outbox)
      .where(and(eq(topic, outboxTopics.tenant), due))
      .orderBy(asc(nextAttemptAt), asc(createdAt), asc(subject))
      .limit(limit);
  const failing = await read(isNotNull(nextAttemptAt), most);
  const pending = failing.length < most ? await read(isNull(nextAttemptAt), most - failing.length) : [];
  const rows = [...failing, ...pending];
  if (rows.length === 0) return [];
  const { key, name } = t.tenants;
  const keys = rows.map((row) => row.subject);
  const named = await q.select({ key, name }).from(t.tenants).where(inArray(key, keys));
  const names = new Map(named.map((row) => [row.key, row.name]));
  return rows.map((row) => ({ ...row, name: names.get(row.subject) ?? row.subject }));
}

/** Tenants whose changes were queued until then and are not sent yet. Counted in an index. */
export async function countQueuedUntil(q: Queries, { outbox }: Schema, until: Instant): Promise<number> {
  const queued = and(eq(outbox.topic, outboxTopics.tenant), lte(outbox.createdAt, new Date(until)));
  const [row] = await q.select({ n: count() }).from(outbox).where(queued);
  return Number(row?.n ?? 0);
}

/** The subset with pending changes. */
export async function waitingAmong(q: Queries, t: Schema, keys: string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const { topic, subject: key } = t.outbox;
  const rows = await q
    .select({ key })
    .from(t.outbox)
    .where(and(eq(topic, outboxTopics.tenant), inArray(key, keys)));
  return new Set(rows.map((row) => row.key));
}

/** Tenants that a walk in key order has not visited. */
export async function countTenantsAfter(q: Queries, t: Schema, key: string): Promise<number> {
  const [row] = await q.select({ n: count() }).from(t.tenants).where(gt(t.tenants.key, key));
  return Number(row?.n ?? 0);
}

/** The existing tenants among these keys. */
export async function revisionsOf(q: Queries, t: Schema, keys: string[]): Promise<{ key: string; revision: number }[]> {
  if (keys.length === 0) return [];
  return q.select({ key: t.tenants.key, revision: t.tenants.revision }).from(t.tenants).where(inArray(t.tenants.key, keys));
}

/** Metadata keys of the newest tenants with their frequency; a sample, not all. */
export async function metadataKeysSeen(q: Queries, t: Schema, ofTenants = 1_000): Promise<Map<string, number>> {
  const rows = await q.select({ metadata: t.tenants.metadata }).from(t.tenants).orderBy(desc(t.tenants.createdAt)).limit(ofTenants);
  const seen = new Map<string, number>();
  for (const { metadata } of rows) for (const key of Object.keys(metadata)) seen.set(key, (seen.get(key) ?? 0) + 1);
  return seen;
}
