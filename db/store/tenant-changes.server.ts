import { and, asc, count, desc, eq, gt, lt } from "drizzle-orm";
import type { Actor, Instant, TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type TenantFeedEntry = { seq: number; tenant: string; at: Instant };

/** Changes of tenants after `seq`, in feed order. */
export async function tenantChangesAfter(q: Queries, { changes: c }: Schema, seq: number, most: number): Promise<TenantFeedEntry[]> {
  const rows = await q
    .select({ seq: c.seq, tenant: c.subject, at: c.at })
    .from(c)
    .where(and(gt(c.seq, seq), eq(c.kind, "tenant")))
    .orderBy(asc(c.seq))
    .limit(most);
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** A tenant's facts before a change, or null if it did not exist. */
export async function factsBefore(q: Queries, { factsHistory: h }: Schema, { tenant, seq }: TenantFeedEntry): Promise<TenantFacts | null> {
  const [row] = await q
    .select({ document: h.document })
    .from(h)
    .where(and(eq(h.kind, "tenant"), eq(h.subject, tenant), lt(h.revision, seq)))
    .orderBy(desc(h.revision))
    .limit(1);
  return (row?.document ?? null) as TenantFacts | null;
}

/**
 * The actor, from the audit row of the same transaction. Several changes in a millisecond are in the same order in
 * both.
 */
export async function actorOfChange(
  q: Queries,
  t: Schema,
  { tenant, seq, at }: TenantFeedEntry,
): Promise<Pick<Actor, "kind" | "id" | "request"> | null> {
  const { audit, factsHistory: h } = t;
  const [earlier] = await q
    .select({ n: count() })
    .from(h)
    .where(and(eq(h.kind, "tenant"), eq(h.subject, tenant), eq(h.recordedAt, new Date(at)), lt(h.revision, seq)));
  const [row] = await q
    .select({ kind: audit.actorKind, id: audit.actorId, request: audit.request })
    .from(audit)
    .where(and(eq(audit.subjectKind, "tenant"), eq(audit.subject, tenant), eq(audit.at, new Date(at))))
    .orderBy(asc(audit.seq))
    .offset(Number(earlier?.n ?? 0))
    .limit(1);
  return row ? { ...row, request: row.request ?? undefined } : null;
}
