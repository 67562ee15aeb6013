import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { KeyRequest } from "~/core/requests/key-request";
import { isOwnRequest, ownRequestWords, type Party, requestStateOf, type StoredRequest } from "~/core/requests/request";
import { type Granting, requestedChange, requestWithinRails } from "~/core/requests/requested-change";
import { aboutRequest } from "~/server/approvals/keep-request.server";
import { changeGrants, type GrantsChanged } from "~/server/grants/grant-changes.server";
import type { Services } from "~/server/services.server";
import { type Queries, tenantLock } from "~db/database";
import type { Schema } from "~db/schema";
import { readKeyMakers } from "~db/store/api-keys.server";
import { writeAudit } from "~db/store/audit.server";
import { jobsLock } from "~db/store/jobs.server";
import { decideRequest, readRequest } from "~db/store/requests.server";

export const requestGone = refuse("request_not_found", "There is no such request.", "id");

/** The admins behind the API keys among these, by key id. */
export const makersOf = (q: Queries, t: Schema, parties: readonly Party[]) =>
  readKeyMakers(
    q,
    t,
    parties.flatMap(({ kind, id }) => (kind === "api_key" ? [id] : [])),
  );

/** Why this person cannot decide it now, as its transaction reads it, or null. */
export async function whyNotDecide(tx: Queries, t: Schema, id: string, actor: Actor, now: Instant): Promise<Refusal | null> {
  const request = await readRequest(tx, t, id);
  if (!request) return requestGone;
  const isOwn = isOwnRequest(request, actor, await makersOf(tx, t, [request.actor, actor]));
  return overProblem(request, now) ?? (isOwn ? refuse("request_decided", ownRequestWords(request)) : null);
}

/** Why nothing can be decided any more, or null. */
function overProblem(request: StoredRequest, now: Instant): Refusal | null {
  const state = requestStateOf(request, now);
  if (state === "lapsed") return refuse("request_decided", "This request has lapsed. Ask for it again.");
  return state === "waiting" ? null : refuse("request_decided", `This request was ${state} already, so nothing was changed.`);
}

/** The decision, in the transaction of what it does, at the instant at which it was checked. It is an act of its own, so that what was granted can be undone. */
export async function writeDecision(
  tx: Queries,
  { db }: Pick<Services, "db">,
  request: StoredRequest,
  { changeSet: _, ...actor }: Actor,
  decided: { state: "granted" | "refused" | "withdrawn"; answer: string | null },
  at: Instant,
): Promise<void> {
  if (!(await decideRequest(tx, db.tables, request.id, { ...decided, decidedBy: actor.name }, at)))
    throw new Error(`The request ${request.id} was decided in the same transaction.`);
  const about = { ...aboutRequest(request), why: decided.answer };
  const after = { request: request.id, askedBy: request.actor.name };
  await writeAudit(tx, db.tables, { at, actor, action: `request.${decided.state}`, ...about, after });
}

/** Does what was asked for, as the one who decides may, and marks the request in the same transaction. */
export async function grantRequest(
  services: Services,
  actor: Actor,
  request: StoredRequest,
  { answer, ...granting }: Granting & { answer: string | null },
): Promise<GrantsChanged> {
  const { db } = services;
  return changeGrants(
    services,
    actor,
    request.tenant,
    (facts, catalogue, stamp, bounds) =>
      requestWithinRails(requestedChange(facts, request, granting, catalogue, stamp), bounds, request, answer, catalogue),
    {
      isBound: true,
      whyNot: (tx, at) => whyNotDecide(tx, db.tables, request.id, actor, at),
      onDone: (tx, at) => writeDecision(tx, services, request, actor, { state: "granted", answer }, at),
    },
  );
}

const lockOf = ({ tenant }: StoredRequest) => (tenant === "" ? jobsLock : tenantLock(tenant));

export type RequestDecided = { ok: true } | Refusal;

/** Marks a request. Nothing else is done. */
async function markRequest(
  services: Services,
  actor: Actor,
  request: StoredRequest,
  decided: { state: "granted" | "refused"; answer: string | null },
): Promise<RequestDecided> {
  const { db, now } = services;
  return db.transaction([lockOf(request)], async (tx) => {
    const at = now();
    const problem = await whyNotDecide(tx, db.tables, request.id, actor, at);
    if (problem) return problem;
    await writeDecision(tx, services, request, actor, decided, at);
    return { ok: true as const };
  });
}

export const refuseRequest = (services: Services, actor: Actor, request: StoredRequest, answer: string): Promise<RequestDecided> =>
  markRequest(services, actor, request, { state: "refused", answer });

/** Approves that the one who asked creates the key. */
export const approveKeyRequest = (services: Services, actor: Actor, request: KeyRequest, answer: string | null): Promise<RequestDecided> =>
  markRequest(services, actor, request, { state: "granted", answer });

/** Takes back a request that waits, as the one who asked for it may. People also take back those of their API keys. */
export async function withdrawRequest(services: Services, actor: Actor, id: string): Promise<RequestWithdrawn> {
  const { db, now } = services;
  const found = await readRequest(db.read, db.tables, id);
  if (!found) return requestGone;
  return db.transaction([lockOf(found)], async (tx): Promise<RequestWithdrawn> => {
    const at = now();
    const request = await readRequest(tx, db.tables, id);
    if (!request || !(await mayWithdraw(tx, db.tables, request, actor))) return requestGone;
    const problem = overProblem(request, at);
    if (problem) return problem;
    await writeDecision(tx, services, request, actor, { state: "withdrawn", answer: null }, at);
    return { ok: true, request: { ...request, state: "withdrawn", decidedAt: at, decidedBy: actor.name } };
  });
}

async function mayWithdraw(tx: Queries, t: Schema, request: StoredRequest, { kind, id }: Actor): Promise<boolean> {
  if (request.actor.kind === kind && request.actor.id === id) return true;
  return kind === "admin" && isOwnRequest(request, { kind, id }, await makersOf(tx, t, [request.actor]));
}

export type RequestWithdrawn = { ok: true; request: StoredRequest } | Refusal;
