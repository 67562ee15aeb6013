import type { z } from "zod";
import { shorten } from "~/core/text";
import { eventSentence } from "~/core/webhooks/event-sentence";
import type { deliveryListQuery } from "~/forms/webhooks/delivery-list";
import type { Services } from "~/server/services.server";
import { countPending, findEvents, listDeliveries } from "~db/store/webhook-deliveries.server";
import { findEndpoint, listEndpoints, type WebhookEndpoint } from "~db/store/webhook-endpoints.server";
import { maxEndpoints } from "./endpoint-edits.server";

const deliveriesPerPage = 30;
/** Characters of an address in the list. Its page shows all. */
const maxListedUrl = 150;
/** Pending deliveries are counted up to here. */
const maxCounted = 1_000;

/** What pages show. Secrets stay in the database. */
function shown({ secret: _, oldSecret, oldSecretEndsAt, ...endpoint }: WebhookEndpoint, now: number) {
  const oldEndsAt = oldSecret !== null && oldSecretEndsAt !== null && oldSecretEndsAt > now ? oldSecretEndsAt : null;
  return { ...endpoint, host: new URL(endpoint.url).host, oldSecretEndsAt: oldEndsAt };
}

export async function readWebhooks({ db, now }: Services) {
  const endpoints = await listEndpoints(db.readAside, db.tables);
  const rows = [];
  for (const endpoint of endpoints) {
    const waiting = await countPending(db.readAside, db.tables, endpoint.id, maxCounted);
    const { id, url, kind, state, failures, lastDeliveredAt } = endpoint;
    const listed = { host: new URL(url).host, url: shorten(url, maxListedUrl), eventCount: endpoint.events.length };
    rows.push({ id, kind, state, failures, lastDeliveredAt, ...listed, waiting, now: now() });
  }
  return { endpoints: rows, isFull: endpoints.length >= maxEndpoints };
}

export async function readWebhook({ db, now }: Services, id: string) {
  const endpoint = await findEndpoint(db.readAside, db.tables, id);
  return endpoint && shown(endpoint, now());
}

/** An endpoint with one page of its deliveries, newest first. Null if there is none. */
export async function readDeliveryLog(services: Services, id: string, { state, before }: z.output<typeof deliveryListQuery>) {
  const { db, now } = services;
  const { readAside: q, tables: t } = db;
  const endpoint = await readWebhook(services, id);
  if (!endpoint) return null;
  const found = await listDeliveries(q, t, { endpoint: id, state, before, size: deliveriesPerPage + 1 });
  const page = found.slice(0, deliveriesPerPage);
  const events = await findEvents(
    q,
    t,
    page.map(({ event }) => event),
  );
  const at = now();
  const rows = page.map(({ seq, event, type, state, isManual, attempts, status, error, createdAt, nextAttemptAt, attemptedAt }) => {
    const of = events.get(event);
    const sentence = of ? eventSentence(of) : null;
    return { id, seq, type, state, isManual, attempts, status, error, createdAt, nextAttemptAt, attemptedAt, sentence, now: at };
  });
  return {
    endpoint,
    rows,
    state,
    next: found.length > deliveriesPerPage ? (page.at(-1)?.seq ?? null) : null,
    waiting: await countPending(q, t, id, maxCounted),
    now: at,
  };
}
