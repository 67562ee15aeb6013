import type { FlagReading, Json } from "~/core/model";
import type { Dialect } from "../dialect";

/** What PostHog gets and returned. */
export function posthogTables(d: Dialect) {
  const { table, text, integer, sequence, timestamp, json, index, primaryKey } = d;

  /** Events queued for PostHog as they will be sent. Tenant lifecycle events are derived from `changes` instead. */
  const waitingEvents = table("waiting_events", {
    seq: sequence("seq"),
    createdAt: timestamp("created_at").notNull(),
    body: json("body").notNull().$type<{ [name: string]: Json }>(),
  });

  /** Properties PostHog last accepted per tenant. Pending changes and failures are in the outbox. */
  const groupSyncs = table("group_syncs", {
    tenant: text("tenant").primaryKey(),
    revision: integer("revision").notNull(),
    sentAt: timestamp("sent_at").notNull(),
    properties: json("properties").notNull().$type<{ [name: string]: Json }>(),
  });

  /** PostHog's last value per tenant and flag, used during an outage. */
  const flagValues = table(
    "flag_values",
    {
      tenant: text("tenant").notNull(),
      flag: text("flag").notNull(),
      state: text("state").notNull().$type<"on" | "off">(),
      /** Null if the flag has no payload. */
      payload: json("payload").$type<Json>(),
      variant: text("variant"),
      seenAt: timestamp("seen_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.flag] }), index("flag_values_by_flag").on(t.flag, t.tenant)],
  );

  /**
   * Flag readings over time, for point-in-time answers. Tenant "" and flag "" mark the start of a time with PostHog
   * off.
   */
  const flagReadings = table(
    "flag_readings",
    {
      tenant: text("tenant").notNull(),
      flag: text("flag").notNull(),
      at: timestamp("at").notNull(),
      reading: json("reading").notNull().$type<FlagReading>(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.flag, t.at] }), index("flag_readings_by_time").on(t.at)],
  );

  return { waitingEvents, groupSyncs, flagValues, flagReadings };
}
