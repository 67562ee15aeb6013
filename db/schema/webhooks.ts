import { sql } from "drizzle-orm";
import type { Json } from "~/core/model";
import type { NoticeKind } from "~/core/notices/notice-rules";
import type { DeliveryState } from "~/core/webhooks/delivery-states";
import type { SentEventType, WebhookEventType, WebhookKind } from "~/core/webhooks/event-types";
import type { Dialect } from "../dialect";
import type { adminsTables } from "./admins";
import type { SignalKind } from "./types";

/** Webhooks and notices: what one process derives from the change feed, the clock and kept figures. */
export function webhookTables(d: Dialect, { admins }: Pick<ReturnType<typeof adminsTables>, "admins">) {
  const { table, text, integer, sequence, boolean, timestamp, json, index, uniqueIndex, primaryKey } = d;

  const webhookEndpoints = table("webhook_endpoints", {
    id: text("id").primaryKey(),
    url: text("url").notNull(),
    kind: text("kind").notNull().$type<WebhookKind>(),
    events: json("events").notNull().$type<WebhookEventType[]>(),
    /** Null for Slack, and once it is removed. Not hashed, because deliveries are signed with it. */
    secret: text("secret"),
    /** Signs too, until that instant; null without a rotation. */
    oldSecret: text("old_secret"),
    oldSecretEndsAt: timestamp("old_secret_ends_at"),
    state: text("state").notNull().$type<"enabled" | "disabled" | "removed">(),
    /** A sentence, or null if it is enabled. */
    disabledReason: text("disabled_reason"),
    /** Events before this are not sent to it. */
    activeSince: timestamp("active_since").notNull(),
    createdAt: timestamp("created_at").notNull(),
    createdBy: text("created_by").notNull(),
    /** Failed attempts in a row, and since when; 0 and null after a success. */
    failures: integer("failures").notNull(),
    failingSince: timestamp("failing_since"),
    /** It gets nothing before this; null without a pause. */
    pausedUntil: timestamp("paused_until"),
    lastDeliveredAt: timestamp("last_delivered_at"),
  });

  /** Events that an endpoint wanted, in order. Deleted after 30 days. */
  const webhookEvents = table(
    "webhook_events",
    {
      seq: sequence("seq"),
      /** The `webhook-id` of all its deliveries. */
      id: text("id").notNull(),
      type: text("type").notNull().$type<SentEventType>(),
      /** The tenant's key; "" for an event of the installation. */
      tenant: text("tenant").notNull(),
      at: timestamp("at").notNull(),
      createdAt: timestamp("created_at").notNull(),
      data: json("data").notNull().$type<{ [name: string]: Json }>(),
    },
    (t) => [uniqueIndex("webhook_events_by_id").on(t.id), index("webhook_events_by_time").on(t.createdAt)],
  );

  /**
   * One event for one endpoint. Those of an endpoint and lane are sent in order of `seq`: only the first pending one
   * has a `nextAttemptAt`. Deleted after 30 days.
   */
  const webhookDeliveries = table(
    "webhook_deliveries",
    {
      seq: sequence("seq"),
      endpoint: text("endpoint").notNull(),
      /** The event's number. */
      event: integer("event").notNull(),
      type: text("type").notNull().$type<SentEventType>(),
      /** The tenant's key, or "". Tests and what is sent again have lanes of their own, which begin with a line break. */
      lane: text("lane").notNull(),
      /** A test, or sent again by a person: it is tried once, also if the endpoint is disabled. */
      isManual: boolean("is_manual").notNull(),
      state: text("state").notNull().$type<DeliveryState>(),
      attempts: integer("attempts").notNull(),
      /** Null if it is over, or waits for an earlier one. */
      nextAttemptAt: timestamp("next_attempt_at"),
      createdAt: timestamp("created_at").notNull(),
      /** The last attempt; null before the first. */
      attemptedAt: timestamp("attempted_at"),
      durationMs: integer("duration_ms"),
      /** The answer's status; null without an answer. */
      status: integer("status"),
      /** Why it failed, in a sentence; null if it did not. */
      error: text("error"),
      /** What was sent and answered last, each shortened. The request has no signature. */
      request: text("request"),
      answer: text("answer"),
    },
    (t) => [
      index("webhook_deliveries_by_endpoint").on(t.endpoint, t.seq),
      index("webhook_deliveries_by_state").on(t.endpoint, t.state, t.seq),
      index("webhook_deliveries_by_lane").on(t.endpoint, t.lane, t.seq).where(sql`${t.state} = 'pending'`),
      index("webhook_deliveries_by_due").on(t.endpoint, t.isManual, t.nextAttemptAt, t.seq).where(sql`${t.nextAttemptAt} is not null`),
      index("webhook_deliveries_by_time").on(t.createdAt),
    ],
  );

  /** What was already reported and must not be reported again while it lasts. */
  const signals = table(
    "signals",
    {
      kind: text("kind").notNull().$type<SignalKind>(),
      /** The tenant of a limit, the day of a demand, a grant, a key; "" if there is only one. */
      subject: text("subject").notNull(),
      /** The feature; "" without one. */
      feature: text("feature").notNull(),
      /** The step of a limit: 80 or 100; otherwise 0. */
      level: integer("level").notNull(),
      /** It is forgotten then; null: when it no longer holds. */
      until: timestamp("until"),
    },
    (t) => [primaryKey({ columns: [t.kind, t.subject, t.feature] }), index("signals_by_end").on(t.until)],
  );

  /** Notices of the last 30 days, for all people. */
  const notices = table(
    "notices",
    {
      seq: sequence("seq"),
      kind: text("kind").notNull().$type<NoticeKind>(),
      at: timestamp("at").notNull(),
      createdAt: timestamp("created_at").notNull(),
      text: text("text").notNull(),
      /** The tenant, feature, key or endpoint that it is about, by its kind; null: several. */
      about: text("about"),
    },
    (t) => [index("notices_by_time").on(t.createdAt), index("notices_by_kind").on(t.kind, t.seq)],
  );

  /** Up to which notice a person has read all. */
  const noticeMarks = table("notice_marks", {
    admin: text("admin")
      .primaryKey()
      .references(() => admins.id),
    readUpTo: integer("read_up_to").notNull(),
  });

  /** Notices after the mark that a person has read. */
  const noticeReads = table(
    "notice_reads",
    {
      admin: text("admin")
        .notNull()
        .references(() => admins.id),
      notice: integer("notice").notNull(),
      readAt: timestamp("read_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.admin, t.notice] }), index("notice_reads_by_time").on(t.readAt)],
  );

  return { webhookEndpoints, webhookEvents, webhookDeliveries, signals, notices, noticeMarks, noticeReads };
}
