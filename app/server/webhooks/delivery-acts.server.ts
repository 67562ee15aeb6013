import type { Actor } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { testEventType } from "~/core/webhooks/event-types";
import { webhookBody } from "~/core/webhooks/hook-event";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { findDelivery, findEvent, insertEvent, insertManualDelivery, updateDelivery } from "~db/store/webhook-deliveries.server";
import { findEndpoint, updateEndpoint, webhooksLock } from "~db/store/webhook-endpoints.server";
import { noEndpoint } from "./endpoint-edits.server";

export const noDelivery = "There is no such delivery. It may have been deleted: deliveries are kept for 30 days.";

type Sent = { ok: true; seq: number } | Refusal;

/** Queues an event that only tests the endpoint. */
export function testEndpoint({ db, now, newId }: Services, actor: Actor, id: string): Promise<Sent> {
  return db.transaction([webhooksLock], async (tx): Promise<Sent> => {
    const endpoint = await findEndpoint(tx, db.tables, id);
    if (!endpoint) return refuse("value_invalid", noEndpoint);
    const at = now();
    const data = { message: "This is a test from Latchkey.", sentBy: actor.name };
    const event = await insertEvent(tx, db.tables, { id: newId("msg"), type: testEventType, tenant: null, about: "", at, data }, at);
    const seq = await insertManualDelivery(tx, db.tables, { endpoint: id, event, type: testEventType, id: newId("lane") }, at);
    await writeAudit(tx, db.tables, { at, actor, action: "webhook.tested", subjectKind: "webhook", subject: id });
    return { ok: true, seq };
  });
}

/** Queues the same event, with the same id, beside the others. */
export function sendAgain({ db, now, newId }: Services, actor: Actor, id: string, of: number): Promise<Sent> {
  return db.transaction([webhooksLock], async (tx): Promise<Sent> => {
    const [endpoint, delivery] = [await findEndpoint(tx, db.tables, id), await findDelivery(tx, db.tables, of)];
    if (!endpoint || delivery?.endpoint !== id) return refuse("value_invalid", noDelivery);
    if (!(await findEvent(tx, db.tables, delivery.event))) return refuse("value_invalid", noDelivery);
    const at = now();
    const { event, type } = delivery;
    const seq = await insertManualDelivery(tx, db.tables, { endpoint: id, event, type, id: newId("lane") }, at);
    await writeAudit(tx, db.tables, { at, actor, action: "webhook.sent_again", subjectKind: "webhook", subject: id, after: { type, of } });
    return { ok: true, seq };
  });
}

/** Skips a pending delivery, so that the next one of its tenant is sent. */
export function skipDelivery({ db, now }: Services, actor: Actor, id: string, seq: number): Promise<{ ok: true } | Refusal> {
  return db.transaction([webhooksLock], async (tx) => {
    const delivery = await findDelivery(tx, db.tables, seq);
    if (delivery?.endpoint !== id) return refuse("value_invalid", noDelivery);
    if (delivery.state !== "pending") return refuse("value_invalid", "This delivery is over, so it cannot be skipped.");
    const at = now();
    await updateDelivery(tx, db.tables, delivery, { state: "skipped", nextAttemptAt: null }, at);
    // The counted failures were those of the skipped delivery.
    await updateEndpoint(tx, db.tables, id, { failures: 0, failingSince: null, pausedUntil: null });
    const after = { type: delivery.type, seq };
    await writeAudit(tx, db.tables, { at, actor, action: "webhook.delivery_skipped", subjectKind: "webhook", subject: id, after });
    return { ok: true as const };
  });
}

/** A delivery with what it sends; null if there is none. `body`: null once the event was deleted. */
export async function readDelivery({ db, now }: Services, id: string, seq: number) {
  const { readAside: q, tables: t } = db;
  const [endpoint, delivery] = [await findEndpoint(q, t, id), await findDelivery(q, t, seq)];
  if (!endpoint || delivery?.endpoint !== id) return null;
  const event = await findEvent(q, t, delivery.event);
  const shown = { ...delivery, lane: undefined, tenant: event?.tenant ?? null };
  return {
    endpoint: { id, host: new URL(endpoint.url).host, state: endpoint.state },
    delivery: shown,
    event: event && { id: event.id, at: event.at, body: webhookBody(event) },
    now: now(),
  };
}
