import { and, asc, desc, eq, gt, lt, lte } from "drizzle-orm";
import type { CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import type { Queries } from "../database";
import type { Schema, SubjectKind } from "../schema";
import { inBatches } from "./changes.server";

export const emptyCatalogue: CatalogueFacts = { revision: 0, features: [], plans: [] };

/** The history's subject of the catalogue. */
const theCatalogue = "";

async function newest(q: Queries, t: Schema, kind: SubjectKind, subject: string, by?: Instant): Promise<unknown> {
  const h = t.factsHistory;
  const known = by === undefined ? undefined : lte(h.recordedAt, new Date(by));
  const [row] = await q
    .select({ document: h.document })
    .from(h)
    .where(and(eq(h.kind, kind), eq(h.subject, subject), known))
    .orderBy(desc(h.revision))
    .limit(1);
  return row?.document ?? null;
}

/** Reads the newest document; with `by`, the newest recorded by then. Null if the tenant did not exist. */
export async function readTenantFacts(q: Queries, t: Schema, key: string, by?: Instant): Promise<TenantFacts | null> {
  return (await newest(q, t, "tenant", key, by)) as TenantFacts | null;
}

/** When the tenant's history begins, or null without one. */
export async function tenantHistoryBegins(q: Queries, t: Schema, key: string): Promise<Instant | null> {
  const h = t.factsHistory;
  const of = and(eq(h.kind, "tenant"), eq(h.subject, key));
  const [row] = await q.select({ at: h.recordedAt }).from(h).where(of).orderBy(asc(h.recordedAt)).limit(1);
  return row?.at.getTime() ?? null;
}

/** The facts at a revision an editor saw, or null. */
export async function readTenantFactsAt(q: Queries, t: Schema, key: string, revision: number): Promise<TenantFacts | null> {
  const h = t.factsHistory;
  const at = and(eq(h.kind, "tenant"), eq(h.subject, key), eq(h.revision, revision));
  const [row] = await q.select({ document: h.document }).from(h).where(at).limit(1);
  return (row?.document ?? null) as TenantFacts | null;
}

/** The catalogue at this revision, which is also that of each feature and plan changed in it. Null if there was none. */
export async function readCatalogueFactsAt(q: Queries, t: Schema, revision: number): Promise<CatalogueFacts | null> {
  const h = t.factsHistory;
  const at = and(eq(h.kind, "catalogue"), eq(h.subject, theCatalogue), eq(h.revision, revision));
  const [row] = await q.select({ document: h.document }).from(h).where(at).limit(1);
  return (row?.document ?? null) as CatalogueFacts | null;
}

export async function readCatalogueFacts(q: Queries, t: Schema, by?: Instant): Promise<CatalogueFacts> {
  return ((await newest(q, t, "catalogue", theCatalogue, by)) as CatalogueFacts | null) ?? emptyCatalogue;
}

/** The newest revision; with `by`, the newest recorded by then. 0 if the catalogue was not written. */
export async function readCatalogueRevision(q: Queries, t: Schema, by?: Instant): Promise<number> {
  const h = t.factsHistory;
  const of = and(eq(h.kind, "catalogue"), eq(h.subject, theCatalogue), by === undefined ? undefined : lte(h.recordedAt, new Date(by)));
  const [row] = await q.select({ revision: h.revision }).from(h).where(of).orderBy(desc(h.revision)).limit(1);
  return row?.revision ?? 0;
}

export async function recordTenants(tx: Queries, t: Schema, documents: TenantFacts[], at: Instant): Promise<void> {
  const recordedAt = new Date(at);
  await inBatches(documents, (batch) =>
    tx
      .insert(t.factsHistory)
      .values(batch.map((d) => ({ kind: "tenant" as const, subject: d.key, revision: d.revision, recordedAt, document: d }))),
  );
}

export async function recordCatalogue(tx: Queries, t: Schema, document: CatalogueFacts, at: Instant): Promise<void> {
  const { revision } = document;
  await tx.insert(t.factsHistory).values({ kind: "catalogue", subject: theCatalogue, revision, recordedAt: new Date(at), document });
}

/** Revisions and instants of the catalogues that were in force at some time in `[from, to)`, oldest first. */
export async function catalogueVersionsBetween(q: Queries, t: Schema, from: Instant, to: Instant) {
  const h = t.factsHistory;
  const of = and(eq(h.kind, "catalogue"), eq(h.subject, theCatalogue));
  const columns = { revision: h.revision, recordedAt: h.recordedAt };
  const first = await q
    .select(columns)
    .from(h)
    .where(and(of, lte(h.recordedAt, new Date(from))))
    .orderBy(desc(h.revision))
    .limit(1);
  const later = await q
    .select(columns)
    .from(h)
    .where(and(of, gt(h.recordedAt, new Date(from)), lt(h.recordedAt, new Date(to))))
    .orderBy(asc(h.revision));
  return [...first, ...later].map(({ revision, recordedAt }) => ({ revision, at: recordedAt.getTime() }));
}
