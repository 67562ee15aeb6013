import type { Logger } from "pino";
import type { Actor, Instant } from "~/core/model";
import { shorten } from "~/core/text";
import { minute } from "~/core/time";
import { outcomeOfAttempt } from "~/core/webhooks/delivery-outcome";
import { failuresBeforePause } from "~/core/webhooks/retry-schedule";
import { raiseNotice } from "~/server/notices/notice-rules.server";
import type { Database } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import {
  dueDeliveries,
  findDelivery,
  findEvent,
  makeDue,
  stalledDeliveries,
  updateDelivery,
  type WebhookDelivery,
} from "~db/store/webhook-deliveries.server";
import {
  deleteEndedSecrets,
  findEndpoint,
  listEndpoints,
  updateEndpoint,
  type WebhookEndpoint,
  webhooksLock,
} from "~db/store/webhook-endpoints.server";
import { postWebhook, type WebhookReply, webhookTimeoutMs } from "./post-webhook.server";
import type { ResolveHost } from "./public-address.server";
import { type WebhookRequest, webhookRequest } from "./signed-request.server";

const leaseName = "webhook deliveries";
/** Longer than one attempt with its reads and writes, in ms. */
const leaseTtl = 30_000;
const pollIntervalMs = 1_000;
/** Concurrent requests to one endpoint. As many manual ones may run beside them. */
const concurrency = 4;
/** How often lanes whose first delivery was deleted are looked for, in ms. */
const stalledIntervalMs = 10 * minute;
/** Deliveries per read and transaction. */
const stalledBatchSize = 500;
/** Characters kept of a request's body. */
const maxKeptRequest = 16_000;

const program: Actor = { kind: "system", id: "webhooks", name: "Latchkey" };

type Parts = {
  db: Database;
  /** Hosts that may have private addresses. */
  allowedHosts: readonly string[];
  publicUrl: string | null;
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
  timeoutMs?: number;
  resolve?: ResolveHost;
};

/**
 * Sends deliveries that are due, in order per endpoint and tenant, at least once: an attempt is written after its
 * answer, so an end in between repeats it with the same id. One process at a time.
 */
export function createWebhookSender(parts: Parts) {
  const { db, allowedHosts, publicUrl, holder, now, elapsed, log, timeoutMs = webhookTimeoutMs, resolve } = parts;
  const { readAside: q, tables: t } = db;
  const stopping = new AbortController();
  /** Deliveries that are being sent, by number. */
  const inFlight = new Map<number, WebhookDelivery>();
  const sending = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let leaseUntil = 0;
  let isAskedAgain = false;
  let stalledAt = Number.NEGATIVE_INFINITY;

  /** The lease outlasts every attempt that begins under it. */
  async function maySend(): Promise<boolean> {
    if (leaseUntil - elapsed() >= timeoutMs + leaseTtl / 3) return true;
    if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
    leaseUntil = elapsed() + leaseTtl;
    return true;
  }

  const countInFlight = (endpoint: string, isManual: boolean) =>
    [...inFlight.values()].filter((one) => one.endpoint === endpoint && one.isManual === isManual).length;

  /** Returns deliveries that can be sent to an endpoint now. Manual ones do not wait for an endpoint that fails. */
  async function dueOf(endpoint: WebhookEndpoint): Promise<WebhookDelivery[]> {
    const at = now();
    const due = async (isManual: boolean, max: number) => {
      const busy = countInFlight(endpoint.id, isManual);
      const slots = max - busy;
      if (slots <= 0) return [];
      // One that ends while this reads was pending when the read began.
      const before = new Set(inFlight.keys());
      const found = await dueDeliveries(q, t, { endpoint: endpoint.id, isManual }, at, max);
      return found.filter(({ seq }) => !inFlight.has(seq) && !before.has(seq)).slice(0, slots);
    };
    const isPaused = endpoint.state !== "enabled" || (endpoint.pausedUntil !== null && at < endpoint.pausedUntil);
    const max = isPaused ? 0 : endpoint.failures >= failuresBeforePause ? 1 : concurrency;
    return [...(await due(true, concurrency)), ...(await due(false, max))];
  }

  async function attempt(endpoint: WebhookEndpoint, delivery: WebhookDelivery): Promise<void> {
    const event = await findEvent(q, t, delivery.event);
    const beganAt = elapsed();
    const request = event && webhookRequest(endpoint, event, now(), publicUrl);
    const reply: WebhookReply = request
      ? await postWebhook(endpoint.url, request.headers, request.body, { allowedHosts, timeoutMs, resolve, signal: stopping.signal })
      : { status: null, error: "The event is no longer kept.", isGone: false, answer: null };
    // Stopped: the next process sends it again.
    if (stopping.signal.aborted) return;
    await record(delivery, request, reply, Math.round(elapsed() - beganAt));
  }

  async function record(sent: WebhookDelivery, request: WebhookRequest | null, reply: WebhookReply, durationMs: number): Promise<void> {
    await db.transaction([webhooksLock], async (tx) => {
      if (!(await stillHolds(tx, t, leaseName, holder))) return;
      const [delivery, endpoint] = [await findDelivery(tx, t, sent.seq), await findEndpoint(tx, t, sent.endpoint)];
      if (delivery?.state !== "pending") return;
      const at = now();
      const outcome = outcomeOfAttempt(delivery, endpoint ?? { failures: 0, failingSince: null }, reply, at);
      const { status, error, answer } = reply;
      const kept = {
        attemptedAt: at,
        durationMs,
        status,
        error,
        answer: storable(answer),
        request: request && storable(shownRequest(request)),
      };
      await updateDelivery(tx, t, delivery, { ...outcome.delivery, ...kept }, at);
      if (endpoint && outcome.endpoint) await updateEndpoint(tx, t, endpoint.id, outcome.endpoint);
      if (endpoint?.state === "enabled" && outcome.disable !== null) await disable(tx, endpoint, outcome.disable, at);
    });
  }

  async function disable(tx: Database["read"], { id, url }: WebhookEndpoint, reason: string, at: Instant): Promise<void> {
    await updateEndpoint(tx, t, id, { state: "disabled", disabledReason: reason });
    const after = { host: new URL(url).host, state: "disabled", reason };
    await writeAudit(tx, t, { at, actor: program, action: "webhook.disabled", subjectKind: "webhook", subject: id, after });
    const text = `The webhook to ${new URL(url).host} was disabled. ${reason}`;
    await raiseNotice(tx, t, { kind: "webhook_disabled", at, text, about: id }, at);
  }

  /** Retention deletes the first delivery of a lane too, however many wait for it. */
  async function resumeStalled(endpoints: readonly WebhookEndpoint[]): Promise<void> {
    if (elapsed() - stalledAt < stalledIntervalMs) return;
    stalledAt = elapsed();
    for (const { id, state } of endpoints) {
      if (state !== "enabled") continue;
      for (let size = stalledBatchSize; size === stalledBatchSize && !stopping.signal.aborted; ) {
        const stalled = await stalledDeliveries(q, t, id, stalledBatchSize);
        size = stalled.length;
        if (size > 0) await db.transaction([webhooksLock], (tx) => makeDue(tx, t, stalled, now()));
      }
    }
  }

  /** Starts deliveries that are due. Returns how many. */
  async function startDue(): Promise<number> {
    let started = 0;
    const endpoints = await listEndpoints(q, t);
    const at = now();
    if (endpoints.some(({ oldSecretEndsAt }) => oldSecretEndsAt !== null && oldSecretEndsAt <= at))
      await db.transaction([webhooksLock], (tx) => deleteEndedSecrets(tx, t, at));
    await resumeStalled(endpoints);
    for (const endpoint of endpoints) {
      const due = await dueOf(endpoint);
      if (due.length === 0) continue;
      if (stopping.signal.aborted || !(await maySend())) return started;
      for (const delivery of due) {
        started += 1;
        inFlight.set(delivery.seq, delivery);
        const work = attempt(endpoint, delivery)
          .catch((err) => {
            leaseUntil = 0;
            log.warn({ err }, "a webhook's delivery was not recorded; sending it again");
          })
          .finally(() => {
            inFlight.delete(delivery.seq);
            sending.delete(work);
            wake();
          });
        sending.add(work);
      }
    }
    return started;
  }

  function wake(): void {
    if (stopping.signal.aborted || !timer) return;
    isAskedAgain = running !== undefined;
    running ??= startDue()
      .then(
        () => {},
        (err) => {
          leaseUntil = 0;
          log.warn({ err }, "webhooks were not sent; trying again");
        },
      )
      .finally(() => {
        running = undefined;
        if (isAskedAgain) wake();
      });
  }

  return {
    /** Sends everything that is due, with what becomes due by it. For tests. */
    async pass(): Promise<void> {
      stalledAt = Number.NEGATIVE_INFINITY;
      while ((await startDue()) > 0 || sending.size > 0) if (sending.size > 0) await Promise.race(sending);
    },
    start(): void {
      timer = setInterval(wake, pollIntervalMs).unref();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      timer = undefined;
      stopping.abort();
      await running;
      await Promise.all(sending);
      if (leaseUntil > 0) await giveUpLease(db, leaseName, holder).catch((err) => log.debug({ err }, "lease not given up"));
    },
  };
}

const shownRequest = ({ shownHeaders, body }: WebhookRequest): string => {
  const lines = Object.entries(shownHeaders).map(([name, value]) => `${name}: ${value}`);
  return `${lines.join("\n")}\n\n${shorten(body, maxKeptRequest)}`;
};

/** PostgreSQL's text takes no NUL, and a cut may leave half a character. */
const storable = <T extends string | null>(text: T): T =>
  text === null ? text : (Buffer.from(text.replaceAll("\0", "�")).toString() as T);
