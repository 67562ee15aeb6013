import { sql } from "drizzle-orm";
import type { ScheduleProblem } from "~/core/model";
import type { Dialect } from "../dialect";
import type { tenantsTables } from "./tenants";

/**
 * Where the scheduled changes in the tenants' facts are, for lists over all tenants and to find what is due. The facts
 * have what they change.
 */
export function schedulesTables(d: Dialect, { tenants }: Pick<ReturnType<typeof tenantsTables>, "tenants">) {
  const { table, text, timestamp, index, primaryKey } = d;

  const scheduledChanges = table(
    "scheduled_changes",
    {
      id: text("id").primaryKey(),
      tenant: text("tenant")
        .notNull()
        .references(() => tenants.key),
      at: timestamp("at").notNull(),
      /** Null unless it was impossible at its time. */
      problem: text("problem").$type<ScheduleProblem>(),
    },
    (t) => [
      index("scheduled_changes_by_tenant").on(t.tenant),
      index("scheduled_changes_by_time").on(t.at, t.id).where(sql`${t.problem} is null`),
      index("scheduled_changes_refused").on(t.at, t.id).where(sql`${t.problem} is not null`),
    ],
  );

  /** Plans and add-ons that a scheduled change gives. */
  const scheduledPlans = table(
    "scheduled_plans",
    {
      plan: text("plan").notNull(),
      /** The scheduled change's id. */
      change: text("change_id").notNull(),
      tenant: text("tenant").notNull(),
      at: timestamp("at").notNull(),
    },
    (t) => [
      primaryKey({ columns: [t.plan, t.change] }),
      index("scheduled_plans_by_tenant").on(t.tenant),
      index("scheduled_plans_by_time").on(t.plan, t.at, t.change),
    ],
  );

  return { scheduledChanges, scheduledPlans };
}
