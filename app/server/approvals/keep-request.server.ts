import type { Actor, Instant, Json } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { isSameAct, maxWaitingRequests, type StoredRequest } from "~/core/requests/request";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { insertRequest, type NewRequest, waitingOfTenant } from "~db/store/requests.server";

/** `isNew` is false for one that waits already. */
export type RequestKept = { ok: true; request: StoredRequest; isNew: boolean } | Refusal;

type Asking = { tx: Queries; t: Schema; at: Instant; newId: (prefix: string) => string; actor: Actor };

export type RequestToKeep = Omit<NewRequest, "id" | "actor" | "createdAt">;

/** Keeps a request, unless `isSame` holds for one that waits. The caller's transaction holds the tenant's lock, or that of jobs. */
export async function keepRequestIn(
  { tx, t, at, newId, actor: { changeSet: _, ...actor } }: Asking,
  asked: RequestToKeep,
  isSame: (waiting: StoredRequest) => boolean,
): Promise<RequestKept> {
  const waiting = await waitingOfTenant(tx, t, asked, at, maxWaitingRequests);
  const same = waiting.find(isSame);
  if (same) return { ok: true, request: same, isNew: false };
  const what = asked.tenant === "" ? "many tenants or API keys" : "this tenant";
  if (waiting.length >= maxWaitingRequests)
    return refuse("requests_full", `${maxWaitingRequests} requests for ${what} wait already. Grant or refuse some of them first.`);
  const request = await insertRequest(tx, t, { ...asked, id: newId("rq"), actor, createdAt: at });
  const after = { request: request.id, act: asked.act as unknown as Json };
  await writeAudit(tx, t, { at, actor, action: "request.created", ...aboutRequest(request), why: asked.note, after });
  return { ok: true, request, isNew: true };
}

/** The subject of the audit entries of a request. */
export function aboutRequest({ tenant, act }: Pick<StoredRequest, "tenant" | "act">) {
  if (tenant !== "") return { subjectKind: "tenant", subject: tenant } as const;
  const subject = act.act === "create_key" || act.act === "rotate_key" ? "an API key" : "many tenants";
  return { subjectKind: "settings", subject } as const;
}

/** Keeps what needs a second person, in the transaction that refused it. The refusal says where it waits. */
export async function holdForApproval(asking: Asking, tenant: string, refusal: Refusal): Promise<Refusal> {
  const { held } = refusal;
  if (!held) return refusal;
  const { act, note, reason, keys = null } = held;
  const feature = "feature" in act ? act.feature : null;
  const isSame = (waiting: StoredRequest) =>
    waiting.actor.kind === asking.actor.kind && waiting.actor.id === asking.actor.id && isSameAct(waiting.act, act);
  const asked = await keepRequestIn(asking, { kind: "approval", tenant, feature, act, user: null, note, reason, keys }, isSame);
  if (!asked.ok) return asked;
  const { request } = asked;
  return { ...refusal, message: `${refusal.message} It waits as the request ${request.id}.`, request };
}
