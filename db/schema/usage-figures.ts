import { sql } from "drizzle-orm";
import type { Dialect } from "../dialect";

/** `tenant_stats.next_trial_end` of a tenant without a live trial: after every instant. */
export const noTrialEnd = Number.MAX_SAFE_INTEGER;

/**
 * Figures that the background process keeps from `check_counts`, usage totals and facts. All of them can be computed
 * again from those, which `latchkey figures rebuild` does.
 */
export function usageFigureTables(d: Dialect) {
  const { table, text, integer, boolean, timestamp, index, primaryKey } = d;

  /** Checks of all tenants per UTC day, feature, outcome and source. */
  const featureDaily = table(
    "feature_daily",
    {
      /** YYYY-MM-DD */
      day: text("day").notNull(),
      feature: text("feature").notNull(),
      allowed: boolean("allowed").notNull(),
      source: text("source").notNull(),
      count: integer("count").notNull(),
      /** Distinct tenants with such a check on this day. */
      tenants: integer("tenants").notNull(),
    },
    (t) => [
      primaryKey({ columns: [t.day, t.feature, t.allowed, t.source] }),
      // Covers sums per day and per feature of one outcome.
      index("feature_daily_by_outcome").on(t.allowed, t.day, t.feature, t.count),
      index("feature_daily_by_feature").on(t.feature, t.day),
    ],
  );

  /** Figures of each tenant, by which the list of tenants is sorted. Its row is created with the tenant. */
  const tenantStats = table(
    "tenant_stats",
    {
      tenant: text("tenant").primaryKey(),
      /** Checks of the 30 UTC days up to `windowDay`, and those that were refused. */
      checks30d: integer("checks_30d").notNull(),
      refused30d: integer("refused_30d").notNull(),
      /** The largest `fill` of the tenant's `usage_levels`; -1 if it has none. */
      fullestLimit: integer("fullest_limit").notNull(),
      /** Null if it was never checked. */
      lastCheckedAt: timestamp("last_checked_at"),
      /** The last day of the 30, YYYY-MM-DD. */
      windowDay: text("window_day").notNull(),
      computedAt: timestamp("computed_at").notNull(),
      /** The first end of its live trials, in ms; `noTrialEnd` without one. */
      nextTrialEnd: integer("next_trial_end").notNull().default(noTrialEnd),
      /** When time alone changes `nextTrialEnd`; null: never. */
      trialsDueAt: timestamp("trials_due_at"),
    },
    (t) => [
      index("tenant_stats_by_fullest").on(t.fullestLimit, t.tenant),
      index("tenant_stats_by_refused").on(t.refused30d, t.tenant),
      index("tenant_stats_by_trial_end").on(t.nextTrialEnd, t.tenant),
      index("tenant_stats_by_trials_due").on(t.trialsDueAt),
      // Finds tenants whose 30 days have to move on.
      index("tenant_stats_by_window").on(t.windowDay, t.tenant).where(sql`${t.checks30d} > 0`),
    ],
  );

  /** Tenants per feature that was refused to them, with the last day of it. Kept as long as the counts. */
  const refusedTenants = table(
    "refused_tenants",
    {
      feature: text("feature").notNull(),
      tenant: text("tenant").notNull(),
      /** The tenant's plan; "" without one. */
      plan: text("plan").notNull(),
      /** YYYY-MM-DD */
      lastDay: text("last_day").notNull(),
    },
    (t) => [
      primaryKey({ columns: [t.feature, t.tenant] }),
      // Covers how many tenants of which plan were refused since a day.
      index("refused_tenants_by_day").on(t.feature, t.lastDay, t.tenant, t.plan),
      index("refused_tenants_by_tenant").on(t.tenant),
      index("refused_tenants_by_age").on(t.lastDay),
    ],
  );

  /** How full a tenant's limit is, for each metered feature used in the current or the previous period. */
  const usageLevels = table(
    "usage_levels",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      /** The tenant's plan; "" without one. */
      plan: text("plan").notNull(),
      /** Use in hundredths of a per cent of the limit, rounded down; -1 without a limit. */
      fill: integer("fill").notNull(),
      /** When time alone changes this row; null: never. */
      dueAt: timestamp("due_at"),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.feature] }),
      index("usage_levels_by_fill").on(t.fill, t.tenant, t.feature),
      index("usage_levels_by_feature").on(t.feature, t.fill, t.tenant),
      index("usage_levels_by_plan").on(t.plan, t.fill, t.tenant, t.feature),
      index("usage_levels_by_due").on(t.dueAt),
    ],
  );

  return { featureDaily, tenantStats, refusedTenants, usageLevels };
}
