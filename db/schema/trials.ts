import { sql } from "drizzle-orm";
import type { TrialOutcome } from "~/core/trials/trial-chains";
import type { Dialect } from "../dialect";

/** What became of trials: computed from grants, history and check counts. Deleted rows are computed again. */
export function trialsTables(d: Dialect) {
  const { table, text, integer, boolean, timestamp, json, index, primaryKey } = d;

  /** One row per trial that has started, or that ended before it could. */
  const trialOutcomes = table(
    "trial_outcomes",
    {
      grant: text("grant_id").primaryKey(),
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      /** Who gave the chain's first grant. */
      givenBy: text("given_by").notNull(),
      /** The chain's start. */
      startedAt: timestamp("started_at").notNull(),
      /** The month of the chain's start in UTC: YYYY-MM. */
      month: text("month").notNull(),
      /** The actual or planned end of this grant. */
      endsAt: timestamp("ends_at").notNull(),
      /** How many times the chain was extended before this grant ended. */
      extensions: integer("extensions").notNull(),
      /** Ended before its planned end, and not extended. */
      endedEarly: boolean("ended_early").notNull(),
      outcome: text("outcome").notNull().$type<TrialOutcome>(),
      /** The first known check within the chain, exact to the day; null if there was none. */
      firstUsedAt: timestamp("first_used_at"),
      /** The newest revision of tenant or catalogue that the outcome takes into account. */
      revision: integer("revision").notNull(),
      /** True if nothing can change it any more. */
      isSettled: boolean("is_settled").notNull(),
      computedAt: timestamp("computed_at").notNull(),
    },
    (t) => [
      index("trial_outcomes_by_tenant").on(t.tenant),
      index("trial_outcomes_by_month").on(t.month, t.grant),
      index("trial_outcomes_by_outcome").on(t.outcome, t.endsAt, t.grant),
      index("trial_outcomes_by_feature").on(t.outcome, t.feature, t.endsAt, t.grant),
      index("trial_outcomes_by_person").on(t.outcome, t.givenBy, t.endsAt, t.grant),
      // Few are, so the others are left out.
      index("trial_outcomes_ended_early").on(t.endsAt, t.grant).where(sql`${t.endedEarly}`),
    ],
  );

  /** Sums of `trial_outcomes` per month, and within it per feature and per person. */
  const trialCounts = table(
    "trial_counts",
    {
      /** YYYY-MM */
      month: text("month").notNull(),
      /** `due`: the month must be added up again. */
      dimension: text("dimension").notNull().$type<"all" | "feature" | "person" | "due">(),
      /** The feature or person; "" for `all` and `due`. */
      value: text("value").notNull(),
      granted: integer("granted").notNull(),
      used: integer("used").notNull(),
      converted: integer("converted").notNull(),
      extended: integer("extended").notNull(),
      lapsed: integer("lapsed").notNull(),
      open: integer("open").notNull(),
      running: integer("running").notNull(),
      /** Trials by whole days from the start to the first use. */
      daysToUse: json("days_to_use").notNull().$type<{ [days: string]: number }>(),
    },
    (t) => [primaryKey({ columns: [t.dimension, t.month, t.value] })],
  );

  return { trialOutcomes, trialCounts };
}
