import { and, asc, eq, gt } from "drizzle-orm";
import type { TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

/** Facts of tenants by key, a page at a time: `after` is the last key of the page before. */
export async function readTenantDocuments(q: Queries, t: Schema, page: { after: string | null; size: number }): Promise<TenantFacts[]> {
  const { tenants, factsHistory: h } = t;
  const newest = and(eq(h.kind, "tenant"), eq(h.subject, tenants.key), eq(h.revision, tenants.revision));
  const rows = await q
    .select({ document: h.document })
    .from(tenants)
    .innerJoin(h, newest)
    .where(page.after === null ? undefined : gt(tenants.key, page.after))
    .orderBy(asc(tenants.key))
    .limit(page.size);
  return rows.map((row) => row.document as TenantFacts);
}
