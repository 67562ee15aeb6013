import type { Instant } from "~/core/model";
import { joinedCount, joinManyNotices, type NewNotice, noticesOfEvents } from "~/core/notices/notice";
import { type NoticeKind, type NoticeRules, noticeOfEvent } from "~/core/notices/notice-rules";
import { hour } from "~/core/time";
import { type WebhookEventType, webhookEventNames } from "~/core/webhooks/event-types";
import type { HookEvent } from "~/core/webhooks/hook-event";
import { readNoticeRules } from "~/server/notices/notice-rules.server";
import { shortHash } from "~/server/random.server";
import type { Database, Queries } from "~db/database";
import { type HookCursor, writeHookCursor } from "~db/store/hook-changes.server";
import { giveUpLease, stillHolds, takeLease } from "~db/store/leases.server";
import { deleteNotice, insertNotices, newestNoticeOf } from "~db/store/notices.server";
import { deleteSignals, putSignals, type Signal } from "~db/store/signals.server";
import { insertEvents } from "~db/store/webhook-deliveries.server";
import { listEndpoints, type WebhookEndpoint, webhooksLock } from "~db/store/webhook-endpoints.server";

const leaseName = "webhook events";
/** Longer than one batch with its reads and writes, in ms. */
const leaseTtl = 30_000;
/** From the first batch of a joined notice, in ms. Later notices of its kind get a new one. */
const joinWindowMs = hour;

/** Enabled endpoints, the notice rules, and the events that any of them wants. */
export type Listeners = { endpoints: WebhookEndpoint[]; rules: NoticeRules; wanted: ReadonlySet<WebhookEventType> };

export async function readListeners({ readAside: q, tables: t }: Database): Promise<Listeners> {
  const endpoints = (await listEndpoints(q, t)).filter(({ state }) => state === "enabled");
  const rules = await readNoticeRules(q, t);
  const kinds = new Set(rules.kinds);
  const wanted = webhookEventNames.filter((type) => {
    const kind = noticeOfEvent[type];
    return (kind !== undefined && kinds.has(kind)) || endpoints.some(({ events }) => events.includes(type));
  });
  return { endpoints, rules, wanted: new Set(wanted) };
}

/** What one step found. `notices`: those that no event is about. */
export type HookBatch = {
  events: HookEvent[];
  notices?: NewNotice[];
  signals?: { put: Signal[]; gone: Pick<Signal, "kind" | "subject" | "feature">[] };
  cursor?: HookCursor;
};

type Parts = {
  db: Database;
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
};

/** Writes of the one process that makes events: deliveries, notices and signals in the transaction that moves the cursor. */
export function createHookWriter({ db, holder, now, elapsed }: Parts) {
  const { tables: t } = db;
  let leaseUntil = 0;

  /** The same event has the same id, so that a receiver can recognize a repetition. */
  const idOf = ({ type, tenant, about, at }: HookEvent) => `msg_${shortHash(JSON.stringify([type, tenant, about, at]))}`;

  async function write(tx: Queries, { events, notices = [], signals, cursor }: HookBatch, { endpoints, rules }: Listeners): Promise<void> {
    const toSend = events.flatMap((event) => {
      const wanting = endpoints.filter(({ events, activeSince }) => activeSince <= event.at && events.some((type) => type === event.type));
      return wanting.length === 0 ? [] : [{ ...event, id: idOf(event), endpoints: wanting.map(({ id }) => id) }];
    });
    if (toSend.length > 0) await insertEvents(tx, t, toSend, now());
    const kinds = new Set(rules.kinds);
    await writeNotices(tx, [...noticesOfEvents(events, kinds), ...notices.filter(({ kind }) => kinds.has(kind))]);
    if (signals && signals.put.length > 0) await putSignals(tx, t, signals.put);
    if (signals && signals.gone.length > 0) await deleteSignals(tx, t, signals.gone);
    if (cursor) await writeHookCursor(tx, t, cursor);
  }

  /** A change of many tenants comes in many batches. A joined notice is written again, so that it is unread and counts them all. */
  async function writeNotices(tx: Queries, notices: readonly NewNotice[]): Promise<void> {
    const counts = new Map<NoticeKind, number>();
    const createdAt = new Map<NoticeKind, Instant>();
    for (const kind of new Set(notices.map((notice) => notice.kind))) {
      const newest = await newestNoticeOf(tx, t, kind);
      const count = newest && now() - newest.createdAt < joinWindowMs ? joinedCount(newest) : null;
      if (!newest || count === null) continue;
      counts.set(kind, count);
      createdAt.set(kind, newest.createdAt);
      await deleteNotice(tx, t, newest.seq);
    }
    const shown = joinManyNotices(notices, counts);
    const rows = shown.map((notice) => ({ ...notice, createdAt: createdAt.get(notice.kind) }));
    await insertNotices(tx, t, rows, now());
  }

  const isHolding = () => leaseUntil - elapsed() >= leaseTtl / 2;

  return {
    isHolding,
    /** False if another process has the lease. */
    async mayWrite(): Promise<boolean> {
      if (isHolding()) return true;
      if (!(await takeLease(db, leaseName, holder, now(), leaseTtl))) return false;
      leaseUntil = elapsed() + leaseTtl;
      return true;
    },
    /** Returns false, and writes nothing, if another process has taken the lease. */
    async commit(batch: HookBatch, listeners: Listeners): Promise<boolean> {
      return db.transaction([webhooksLock], async (tx) => {
        if (!(await stillHolds(tx, t, leaseName, holder))) return false;
        await write(tx, batch, listeners);
        return true;
      });
    },
    async giveUp(): Promise<void> {
      if (leaseUntil > 0) await giveUpLease(db, leaseName, holder);
      leaseUntil = 0;
    },
    /** Call it after an error, when the lease may be lost. */
    forgetLease(): void {
      leaseUntil = 0;
    },
  };
}
export type HookWriter = ReturnType<typeof createHookWriter>;
