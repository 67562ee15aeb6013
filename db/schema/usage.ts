import { sql } from "drizzle-orm";
import type { Json, ResetPeriod } from "~/core/model";
import type { Dialect } from "../dialect";

/** Counts of checks, usage events, counters and use by day. */
export function usageTables(d: Dialect) {
  const { table, text, integer, boolean, timestamp, json, index, primaryKey } = d;

  /** Checks per tenant, feature and UTC day. Feature "*" is a check of all features. */
  const checkCounts = table(
    "check_counts",
    {
      tenant: text("tenant").notNull(),
      /** YYYY-MM-DD */
      day: text("day").notNull(),
      feature: text("feature").notNull(),
      allowed: boolean("allowed").notNull(),
      /** The deciding source, or "none". */
      source: text("source").notNull(),
      count: integer("count").notNull(),
      firstAt: timestamp("first_at").notNull(),
      lastAt: timestamp("last_at").notNull(),
      /** The part of `count` that `feature_daily`, `tenant_stats` and `refused_tenants` contain. 0: the row is new to them. */
      counted: integer("counted").notNull().default(0),
      /** True if `counted` may differ from `count`. */
      pending: boolean("pending").notNull().default(true),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.day, t.feature, t.allowed, t.source] }),
      index("check_counts_by_day").on(t.day),
      // Covers which tenants were checked for a feature since a day.
      index("check_counts_by_feature").on(t.feature, t.day, t.tenant),
      // Small: it holds only rows that the figures lack.
      index("check_counts_pending").on(t.tenant, t.day).where(sql`${t.pending}`),
    ],
  );

  /** Usage events, deduplicated: the same key within seven days is the same event. */
  const usageEvents = table(
    "usage_events",
    {
      tenant: text("tenant").notNull(),
      idempotencyKey: text("idempotency_key").notNull(),
      feature: text("feature").notNull(),
      /** The event as sent, to distinguish a repetition from a reused key. */
      report: json("report").notNull().$type<Json>(),
      /** The answer to a consumption; null for plain events. */
      answer: json("answer").$type<Json>(),
      recordedAt: timestamp("recorded_at").notNull(),
      /** The event's time and counter. Null for events recorded before these columns existed. */
      at: timestamp("at"),
      periodKind: text("period_kind").$type<ResetPeriod>(),
      periodStart: integer("period_start"),
      /** The added quantity; null for a `set` and for a refused consumption. */
      added: integer("added"),
      /** The id of the API key that sent it; null for what was recorded before this column existed. */
      apiKey: text("api_key"),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.idempotencyKey] }),
      index("usage_events_by_time").on(t.recordedAt),
      // Covers sums of what was added to a counter after an instant.
      index("usage_events_by_counter").on(t.tenant, t.feature, t.periodKind, t.periodStart, t.at, t.added),
    ],
  );

  /** Usage of a metered feature per reset period. */
  const usageTotals = table(
    "usage_totals",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      periodKind: text("period_kind").notNull().$type<ResetPeriod>(),
      /** The period's start in ms, inclusive; -1 if it never resets. */
      periodStart: integer("period_start").notNull(),
      /** The true sum, which may be below 0 or above 2^53 - 1, so it is read as text. */
      used: integer("used").notNull(),
      /** Times of the newest `set` and the newest event; null if there was none. */
      setAt: timestamp("set_at"),
      lastAt: timestamp("last_at"),
      /** The id of the API key that sent the newest `set`; null if there was none, or if it was not recorded. */
      setBy: text("set_by"),
      /** Increases with each write of the row: the larger of two readings is newer. */
      version: integer("version").notNull().default(0),
      /**
       * The writing transaction: PostgreSQL's id, or a larger number than all others on SQLite. Other processes follow
       * it.
       */
      writtenBy: integer("written_by").notNull().default(0),
      /** Never earlier than before, even if clocks differ. */
      updatedAt: timestamp("updated_at").notNull(),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.feature, t.periodKind, t.periodStart] }),
      index("usage_totals_by_writer").on(t.writtenBy),
      // Finds all totals of a tenant in a period.
      index("usage_totals_by_period").on(t.tenant, t.periodKind, t.periodStart),
      // Finds tenants with usage of a feature in their current period.
      index("usage_totals_by_feature").on(t.feature, t.periodKind, t.periodStart, t.tenant),
    ],
  );

  /** Counters before each change of the last days, for point-in-time answers. */
  const usageHistory = table(
    "usage_history",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      periodKind: text("period_kind").notNull().$type<ResetPeriod>(),
      periodStart: integer("period_start").notNull(),
      at: timestamp("at").notNull(),
      /** The true sum before, read as text; null if it was not recorded. */
      usedBefore: integer("used_before"),
      /** Whether the counter had a `set` before; null if it was not recorded. */
      hadSet: boolean("had_set"),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.feature, t.periodKind, t.periodStart, t.at] }), index("usage_history_by_time").on(t.at)],
  );

  /**
   * What was added to a metered feature per UTC day of the events' own time, less what was taken away. A `set` adds
   * nothing. Written with the events.
   */
  const usageDaily = table(
    "usage_daily",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      /** YYYY-MM-DD */
      day: text("day").notNull(),
      /** From -(2^53 - 1) to 2^53 - 1, where it stays if more is added. */
      added: integer("added").notNull(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.feature, t.day] }), index("usage_daily_by_day").on(t.day)],
  );

  return { checkCounts, usageEvents, usageTotals, usageHistory, usageDaily };
}
