import type { Actor, Instant, Json } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { maxWaitingRequests, type RequestedAct, type StoredRequest } from "~/core/requests/request";
import { sameJson } from "~/core/same-json";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { insertRequest, type NewRequest, waitingOfTenant } from "~db/store/requests.server";

/** `isNew` is false for one that waits already. */
export type RequestKept = { ok: true; request: StoredRequest; isNew: boolean } | Refusal;

type Asking = { tx: Queries; t: Schema; at: Instant; newId: (prefix: string) => string; actor: Actor };

/** Keeps a request, unless `isSame` holds for one that waits. The caller's transaction holds the tenant's lock. */
export async function keepRequestIn(
  { tx, t, at, newId, actor: { changeSet: _, ...actor } }: Asking,
  asked: Omit<NewRequest, "id" | "actor" | "createdAt">,
  isSame: (waiting: StoredRequest) => boolean,
): Promise<RequestKept> {
  const waiting = await waitingOfTenant(tx, t, asked.tenant, at, maxWaitingRequests);
  const same = waiting.find(isSame);
  if (same) return { ok: true, request: same, isNew: false };
  const what = asked.tenant === "" ? "changes of many tenants" : "this tenant";
  if (waiting.length >= maxWaitingRequests)
    return refuse("requests_full", `${maxWaitingRequests} requests for ${what} wait already. Grant or refuse some of them first.`);
  const request = await insertRequest(tx, t, { ...asked, id: newId("rq"), actor, createdAt: at });
  const after = { request: request.id, act: loggedAct(asked.act) };
  await writeAudit(tx, t, { at, actor, action: "request.created", ...aboutRequest(request), why: asked.note, after });
  return { ok: true, request, isNew: true };
}

/** The subject of the audit entries of a request. */
export const aboutRequest = ({ tenant }: Pick<StoredRequest, "tenant">) =>
  tenant === "" ? ({ subjectKind: "settings", subject: "many tenants" } as const) : ({ subjectKind: "tenant", subject: tenant } as const);

/** Thousands of keys are counted. */
function loggedAct(act: RequestedAct): Json {
  if (act.act !== "bulk") return act as Json;
  const { keys, ...rest } = act;
  return { ...rest, keys: keys?.length ?? null } as unknown as Json;
}

/** Keeps what needs a second person, in the transaction that refused it. The refusal says where it waits. */
export async function holdForApproval(asking: Asking, tenant: string, refusal: Refusal): Promise<Refusal> {
  const { held } = refusal;
  if (!held) return refusal;
  const { act, note } = held;
  const feature = "feature" in act ? act.feature : null;
  const isSame = (waiting: StoredRequest) =>
    waiting.kind === "approval" &&
    waiting.actor.kind === asking.actor.kind &&
    waiting.actor.id === asking.actor.id &&
    sameJson(waiting.act as Json, act as Json);
  const asked = await keepRequestIn(asking, { kind: "approval", tenant, feature, act, user: null, note }, isSame);
  if (!asked.ok) return asked;
  const { request } = asked;
  return { ...refusal, message: `${refusal.message} It waits as the request ${request.id}.`, request };
}
