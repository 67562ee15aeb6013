import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { withinRails } from "~/core/rails/within-rails";
import { isOwnRequest, requestStateOf, type StoredRequest } from "~/core/requests/request";
import { type Granting, requestedChange } from "~/core/requests/requested-change";
import { aboutRequest } from "~/server/approvals/keep-request.server";
import { changeGrants, type GrantsChanged } from "~/server/grants/grant-changes.server";
import type { Services } from "~/server/services.server";
import { type Queries, tenantLock } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { jobsLock } from "~db/store/jobs.server";
import { decideRequest, readRequest } from "~db/store/requests.server";

const gone = refuse("request_not_found", "There is no such request any more.", "id");

/** Why this person cannot decide it, or null. */
export function whyNotDecide(request: StoredRequest | null, actor: Actor, now: Instant): Refusal | null {
  if (!request) return gone;
  const state = requestStateOf(request, now);
  if (state === "lapsed") return refuse("request_decided", "This request has lapsed. Ask for it again.");
  if (state !== "waiting") return refuse("request_decided", `This request was ${state} already, so nothing was changed.`);
  return isOwnRequest(request, actor) ? refuse("request_decided", "You asked for this, so someone else decides it.") : null;
}

/** The decision, in the transaction of what it does. It is an act of its own, so that what was granted can be undone. */
export async function writeDecision(
  tx: Queries,
  { db, now }: Pick<Services, "db" | "now">,
  request: StoredRequest,
  { changeSet: _, ...actor }: Actor,
  decided: { state: "granted" | "refused"; answer: string | null },
): Promise<void> {
  const at = now();
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
  const { db, now } = services;
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
      whyNot: async (tx) => whyNotDecide(await readRequest(tx, db.tables, request.id), actor, now()),
      onDone: (tx) => writeDecision(tx, services, request, actor, { state: "granted", answer }),
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
    const problem = whyNotDecide(await readRequest(tx, db.tables, request.id), actor, now());
    if (problem) return problem;
    await writeDecision(tx, services, request, actor, { state: "refused", answer });
    return { ok: true as const };
  });
}
