import { and, asc, desc, eq, getTableColumns, gt, isNull, lte, sql } from "drizzle-orm";
import type { Instant, Json } from "~/core/model";
import { type RequestedKind, type RequestState, requestLifeMs, type StoredRequest, type StoredRequestState } from "~/core/requests/request";
import type { Queries } from "../database";
import type { Schema } from "../schema";

type Row = Omit<Schema["requests"]["$inferSelect"], "keys">;

/** `tenant` is empty if it is about no single tenant. */
const requestOf = ({ feature: _, act, tenant, createdAt, decidedAt, ...row }: Row): StoredRequest => ({
  ...row,
  tenant: tenant ?? "",
  act: act as unknown as StoredRequest["act"],
  createdAt: createdAt.getTime(),
  decidedAt: decidedAt?.getTime() ?? null,
});

/** Without `keys`, which may be thousands. */
function requestColumns({ requests }: Schema) {
  const { keys, ...columns } = getTableColumns(requests);
  return columns;
}

/** `keys`: the tenants of a bulk act, if they are named. */
export type NewRequest = Pick<StoredRequest, "id" | "kind" | "tenant" | "act" | "actor" | "user" | "note" | "reason" | "createdAt"> & {
  feature: string | null;
  keys: string[] | null;
};

export async function insertRequest(tx: Queries, { requests }: Schema, request: NewRequest): Promise<StoredRequest> {
  const { act, createdAt, feature, tenant, keys, ...row } = request;
  const stored = { ...row, act: act as unknown as Json, feature, keys, tenant: tenant || null, createdAt: new Date(createdAt) };
  await tx.insert(requests).values({ ...stored, state: "waiting" });
  return { ...row, tenant, act, createdAt, state: "waiting", answer: null, decidedAt: null, decidedBy: null };
}

/** Null if there is no such request. */
export async function readRequest(q: Queries, t: Schema, id: string): Promise<StoredRequest | null> {
  const [row] = await q.select(requestColumns(t)).from(t.requests).where(eq(t.requests.id, id)).limit(1);
  return row ? requestOf(row) : null;
}

/** Tenants of a bulk act that are named by key, or null. */
export async function readRequestKeys(q: Queries, { requests }: Schema, id: string): Promise<string[] | null> {
  const [row] = await q.select({ keys: requests.keys }).from(requests).where(eq(requests.id, id)).limit(1);
  return row?.keys ?? null;
}

/** Requests created at or before this have lapsed if they still wait. */
const lapsedBefore = (now: Instant) => new Date(now - requestLifeMs);

function inState({ requests: r }: Schema, state: RequestState, now: Instant) {
  if (state === "waiting") return and(eq(r.state, "waiting"), gt(r.createdAt, lapsedBefore(now)));
  if (state === "lapsed") return and(eq(r.state, "waiting"), lte(r.createdAt, lapsedBefore(now)));
  return eq(r.state, state);
}

export type RequestPlace = { createdAt: Instant; id: string };
export type RequestFilter = { state?: RequestState; tenant?: string };

/** Newest first. `after`: the last of the page before. */
export async function listRequests(
  q: Queries,
  t: Schema,
  { state, tenant }: RequestFilter,
  now: Instant,
  { after, size }: { after?: RequestPlace; size: number },
): Promise<StoredRequest[]> {
  const r = t.requests;
  const place = after && sql`(${r.createdAt}, ${r.id}) < (${sql.param(new Date(after.createdAt), r.createdAt)}, ${after.id})`;
  const rows = await q
    .select(requestColumns(t))
    .from(r)
    .where(and(state && inState(t, state, now), tenant === undefined ? undefined : eq(r.tenant, tenant), place))
    .orderBy(desc(r.createdAt), desc(r.id))
    .limit(size);
  return rows.map(requestOf);
}

/** Those created after an instant, the oldest first, for events. */
export async function requestsCreatedAfter(q: Queries, t: Schema, after: RequestPlace, size: number): Promise<StoredRequest[]> {
  const r = t.requests;
  const rows = await q
    .select(requestColumns(t))
    .from(r)
    .where(sql`(${r.createdAt}, ${r.id}) > (${sql.param(new Date(after.createdAt), r.createdAt)}, ${after.id})`)
    .orderBy(asc(r.createdAt), asc(r.id))
    .limit(size);
  return rows.map(requestOf);
}

/** Waiting requests of a kind, of a tenant, or of many tenants if it is empty, the oldest first. */
export async function waitingOfTenant(
  q: Queries,
  t: Schema,
  { tenant, kind }: { tenant: string; kind: RequestedKind },
  now: Instant,
  max: number,
): Promise<StoredRequest[]> {
  const r = t.requests;
  const since = gt(r.createdAt, lapsedBefore(now));
  const rows = await q
    .select(requestColumns(t))
    .from(r)
    .where(and(tenant === "" ? isNull(r.tenant) : eq(r.tenant, tenant), since, eq(r.state, "waiting"), eq(r.kind, kind)))
    .orderBy(asc(r.createdAt), asc(r.id))
    .limit(max);
  return rows.map(requestOf);
}

/** When apps asked for the tenant after an instant, the oldest first. */
export async function appRequestsSince(
  q: Queries,
  { requests: r }: Schema,
  tenant: string,
  since: Instant,
  max: number,
): Promise<Instant[]> {
  const rows = await q
    .select({ at: r.createdAt })
    .from(r)
    .where(and(eq(r.tenant, tenant), gt(r.createdAt, new Date(since)), eq(r.kind, "feature")))
    .orderBy(asc(r.createdAt), asc(r.id))
    .limit(max);
  return rows.map(({ at }) => at.getTime());
}

type Decided = { state: Exclude<StoredRequestState, "waiting">; answer: string | null; decidedBy: string };

/** False if it no longer waits. */
export async function decideRequest(tx: Queries, t: Schema, id: string, decided: Decided, at: Instant): Promise<boolean> {
  const rows = await tx
    .update(t.requests)
    .set({ ...decided, decidedAt: new Date(at) })
    .where(and(eq(t.requests.id, id), inState(t, "waiting", at)))
    .returning({ id: t.requests.id });
  return rows.length > 0;
}
