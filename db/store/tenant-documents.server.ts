import { and, asc, eq, gt, inArray, type SQL } from "drizzle-orm";
import type { TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** The newest document of each matching tenant, in key order. */
function documents(q: Queries, { tenants, factsHistory: h }: Schema, which: SQL | undefined) {
  const newest = and(eq(h.kind, "tenant"), eq(h.subject, tenants.key), eq(h.revision, tenants.revision));
  return q.select({ document: h.document }).from(tenants).innerJoin(h, newest).where(which).orderBy(asc(tenants.key));
}

/** Facts of tenants in key order, paged: `after` is the last key of the previous page. */
export async function readTenantDocuments(q: Queries, t: Schema, page: { after: string | null; size: number }): Promise<TenantFacts[]> {
  const rows = await documents(q, t, page.after === null ? undefined : gt(t.tenants.key, page.after)).limit(page.size);
  return rows.map((row) => row.document as TenantFacts);
}

/** Keys and names alone, in order of key. */
export async function tenantNamesAfter(q: Queries, t: Schema, after: string, size: number): Promise<{ key: string; name: string }[]> {
  const { key, name } = t.tenants;
  return q.select({ key, name }).from(t.tenants).where(gt(key, after)).orderBy(key).limit(size);
}

/** Names of these tenants by key. */
export async function readTenantNames(q: Queries, { tenants: t }: Schema, keys: string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await q.select({ key: t.key, name: t.name }).from(t).where(inArray(t.key, keys));
  return new Map(rows.map(({ key, name }) => [key, name]));
}

/** Facts of these tenants in the given order; null for missing ones. */
export async function readTenantsByKey(q: Queries, t: Schema, keys: string[]): Promise<Map<string, TenantFacts | null>> {
  const found = new Map<string, TenantFacts | null>(keys.map((key) => [key, null]));
  await inBatches(keys, async (batch) => {
    for (const { document } of await documents(q, t, inArray(t.tenants.key, batch))) {
      const facts = document as TenantFacts;
      found.set(facts.key, facts);
    }
  });
  return found;
}
