import { isIP } from "node:net";
import type { Actor, Instant, Json } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { WebhookEventType, WebhookKind } from "~/core/webhooks/event-types";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import {
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  restartDeliveries,
  updateEndpoint,
  type WebhookEndpoint,
  webhooksLock,
} from "~db/store/webhook-endpoints.server";
import { AddressRefused, isPublicAddress } from "./public-address.server";
import { newWebhookSecret } from "./signed-request.server";

export const maxEndpoints = 20;
export const noEndpoint = "There is no such webhook. Look in the list.";
const gone = () => refuse("value_invalid", noEndpoint);

/** Addresses may contain secrets, as Slack's do, so the audit log has the host alone. */
const inAudit = ({ url, kind, events, state }: Pick<WebhookEndpoint, "url" | "kind" | "events" | "state">) => ({
  host: new URL(url).host,
  kind,
  events,
  state,
});

function note(tx: Queries, { db, now }: Services, actor: Actor, verb: string, id: string, before: Json, after: Json): Promise<void> {
  const about = { subjectKind: "webhook", subject: id, before, after } as const;
  return writeAudit(tx, db.tables, { at: now(), actor, action: `webhook.${verb}`, ...about });
}

/** A name is looked up at each delivery. A literal address can be refused here already. */
function addressProblem({ env }: Services, url: string): Refusal | null {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const isClosed = isIP(host) !== 0 && !isPublicAddress(host) && !env.webhookAllowHosts.includes(host);
  return isClosed ? refuse("value_invalid", new AddressRefused().message, "url") : null;
}

export type NewEndpoint = { url: string; kind: WebhookKind; events: WebhookEventType[] };

/** `secret` is shown once; null for Slack. */
export async function createEndpoint(
  services: Services,
  actor: Actor,
  form: NewEndpoint,
): Promise<{ ok: true; id: string; secret: string | null } | Refusal> {
  const { db, now, newId } = services;
  const problem = addressProblem(services, form.url);
  if (problem) return problem;
  const [id, at] = [newId("wh"), now()];
  const secret = form.kind === "standard" ? newWebhookSecret() : null;
  return db.transaction([webhooksLock], async (tx) => {
    if ((await listEndpoints(tx, db.tables)).length >= maxEndpoints)
      return refuse("value_invalid", `There are ${maxEndpoints} webhooks already. Remove one first.`);
    const unset = {
      oldSecret: null,
      oldSecretEndsAt: null,
      disabledReason: null,
      failingSince: null,
      pausedUntil: null,
      lastDeliveredAt: null,
    };
    const made = { activeSince: at, createdAt: at, createdBy: actor.name, failures: 0, state: "enabled" } as const;
    const endpoint: WebhookEndpoint = { id, ...form, secret, ...unset, ...made };
    await insertEndpoint(tx, db.tables, endpoint);
    await note(tx, services, actor, "created", id, null, inAudit(endpoint));
    return { ok: true as const, id, secret };
  });
}

type Edit = (endpoint: WebhookEndpoint, tx: Queries) => Promise<Partial<WebhookEndpoint> | null> | Partial<WebhookEndpoint> | null;

/** `edit` returns what changes, or null for nothing. */
async function editEndpoint(services: Services, actor: Actor, id: string, verb: string, edit: Edit): Promise<{ ok: true } | Refusal> {
  const { db } = services;
  return db.transaction([webhooksLock], async (tx) => {
    const endpoint = await findEndpoint(tx, db.tables, id);
    if (!endpoint) return gone();
    const patch = await edit(endpoint, tx);
    if (patch === null) return { ok: true as const };
    await updateEndpoint(tx, db.tables, id, patch);
    await note(tx, services, actor, verb, id, inAudit(endpoint), inAudit({ ...endpoint, ...patch }));
    return { ok: true as const };
  });
}

/** With a new address, pending deliveries are due at once and the count of failures is reset. */
export async function changeEndpoint(
  services: Services,
  actor: Actor,
  id: string,
  { url, events }: Pick<NewEndpoint, "url" | "events">,
): Promise<{ ok: true } | Refusal> {
  const problem = addressProblem(services, url);
  if (problem) return problem;
  return editEndpoint(services, actor, id, "changed", async (endpoint, tx) => {
    if (endpoint.url === url) return { url, events };
    await restartDeliveries(tx, services.db.tables, id, services.now());
    return { url, events, failures: 0, failingSince: null, pausedUntil: null };
  });
}

/** Events that happen while it is disabled are not sent later. Pending deliveries are kept. */
export function disableEndpoint(services: Services, actor: Actor, id: string): Promise<{ ok: true } | Refusal> {
  const disabledReason = `${actor.name} disabled it.`;
  return editEndpoint(services, actor, id, "disabled", ({ state }) =>
    state === "disabled" ? null : { state: "disabled", disabledReason },
  );
}

/** Pending deliveries are due at once. */
export function enableEndpoint(services: Services, actor: Actor, id: string): Promise<{ ok: true } | Refusal> {
  return editEndpoint(services, actor, id, "enabled", async ({ state }, tx) => {
    if (state === "enabled") return null;
    const activeSince = services.now();
    await restartDeliveries(tx, services.db.tables, id, activeSince);
    return { state: "enabled", disabledReason: null, activeSince, failures: 0, failingSince: null, pausedUntil: null };
  });
}

/** Its deliveries are deleted with age. */
export function removeEndpoint(services: Services, actor: Actor, id: string): Promise<{ ok: true } | Refusal> {
  const noSecrets = { secret: null, oldSecret: null, oldSecretEndsAt: null };
  return editEndpoint(services, actor, id, "removed", () => ({ state: "removed", ...noSecrets }));
}

/** The old secret signs beside the new one for `overlapMs`. */
export async function rotateSecret(
  services: Services,
  actor: Actor,
  id: string,
  overlapMs: number,
): Promise<{ ok: true; secret: string; oldEndsAt: Instant } | Refusal> {
  const secret = newWebhookSecret();
  const oldEndsAt = services.now() + overlapMs;
  let isSigned = true;
  const rotated = await editEndpoint(services, actor, id, "secret_rotated", (endpoint) => {
    isSigned = endpoint.kind === "standard";
    return isSigned ? { secret, oldSecret: endpoint.secret, oldSecretEndsAt: oldEndsAt } : null;
  });
  if (!rotated.ok) return rotated;
  return isSigned ? { ok: true, secret, oldEndsAt } : refuse("value_invalid", "Deliveries to Slack are not signed, so there is no secret.");
}
