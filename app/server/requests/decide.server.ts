import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { withinRails } from "~/core/rails/within-rails";
import { isOwnRequest, type Party, requestStateOf, type StoredRequest } from "~/core/requests/request";
import { type Granting, requestedChange } from "~/core/requests/requested-change";
import { aboutRequest } from "~/server/approvals/keep-request.server";
import { changeGrants, type GrantsChanged } from "~/server/grants/grant-changes.server";
import type { Services } from "~/server/services.server";
import { type Queries, tenantLock } from "~db/database";
import type { Schema } from "~db/schema";
import { readKeyMakers } from "~db/store/api-keys.server";
import { writeAudit } from "~db/store/audit.server";
import { jobsLock } from "~db/store/jobs.server";
import { decideRequest, readRequest } from "~db/store/requests.server";

const gone = refuse("request_not_found", "There is no such request any more.", "id");

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
  if (!request) return gone;
  const state = requestStateOf(request, now);
  if (state === "lapsed") return refuse("request_decided", "This request has lapsed. Ask for it again.");
  if (state !== "waiting") return refuse("request_decided", `This request was ${state} already, so nothing was changed.`);
  const makers = await makersOf(tx, t, [request.actor, actor]);
  return isOwnRequest(request, actor, makers) ? refuse("request_decided", "You asked for this, so someone else decides it.") : null;
}

/** The decision, in the transaction of what it does, at the instant at which it was checked. It is an act of its own, so that what was granted can be undone. */
export async function writeDecision(
  tx: Queries,
  { db }: Pick<Services, "db">,
  request: StoredRequest,
  { changeSet: _, ...actor }: Actor,
  decided: { state: "granted" | "refused"; answer: string | null },
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
  // What a person of the team wrote is a reason to pass a guard rail, what a tenant's user wrote is not.
  const reason = answer || (request.kind === "feature" ? null : request.note);
  // Of what a person asked for, the one who decides is the second person.
  const isSecond = request.kind !== "feature";
  return changeGrants(
    services,
    actor,
    request.tenant,
    (facts, catalogue, stamp, bounds) => {
      const approved = bounds && isSecond ? { ...bounds, approvals: null } : bounds;
      const within = withinRails(requestedChange(facts, request, granting, catalogue, stamp), approved, reason, catalogue);
      return within.ok || !within.held
        ? within
        : refuse(within.code, `${within.message} Choose fewer days, or grant it on the tenant's page.`);
    },
    {
      isBound: true,
      whyNot: (tx, at) => whyNotDecide(tx, db.tables, request.id, actor, at),
      onDone: (tx, at) => writeDecision(tx, services, request, actor, { state: "granted", answer }, at),
    },
  );
}

export async function refuseRequest(
  services: Services,
  actor: Actor,
  request: StoredRequest,
  answer: string,
): Promise<{ ok: true } | Refusal> {
  const { db, now } = services;
  const lock = request.tenant === "" ? jobsLock : tenantLock(request.tenant);
  return db.transaction([lock], async (tx) => {
    const at = now();
    const problem = await whyNotDecide(tx, db.tables, request.id, actor, at);
    if (problem) return problem;
    await writeDecision(tx, services, request, actor, { state: "refused", answer }, at);
    return { ok: true as const };
  });
}
