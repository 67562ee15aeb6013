import type { ImpactSource, NamedEffect, TenantEffect } from "~/core/impact/impact-result";
import type { Dialect } from "../dialect";

/** What a change of the catalogue would do, tenant by tenant. Computed by a job with the same id, and kept as long. */
export function impactTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index, primaryKey } = d;

  const impacts = table(
    "impacts",
    {
      /** The job's id. */
      job: text("job_id").primaryKey(),
      /** The change that is looked at. A file may have some megabytes. */
      change: json("change").notNull().$type<ImpactSource>(),
      /** Tenants per effect so far. */
      gains: integer("gains").notNull().default(0),
      loses: integer("loses").notNull().default(0),
      changes: integer("changes").notNull().default(0),
      /** Tenants that have used more than their new limit allows. */
      over: integer("over_limit").notNull().default(0),
      createdAt: timestamp("created_at").notNull(),
    },
    (t) => [index("impacts_by_time").on(t.createdAt)],
  );

  /** One row per tenant and effect. */
  const impactTenants = table(
    "impact_tenants",
    {
      job: text("job_id").notNull(),
      effect: text("effect").notNull().$type<TenantEffect>(),
      tenant: text("tenant").notNull(),
      /** Checks of these features in 30 days. */
      checks: integer("checks").notNull(),
      /** Features with this effect. */
      features: integer("features").notNull(),
      /** Some of them, the most used first. */
      named: json("named").notNull().$type<NamedEffect[]>(),
    },
    (t) => [
      primaryKey({ columns: [t.job, t.effect, t.tenant] }),
      index("impact_tenants_by_checks").on(t.job, t.effect, t.checks, t.tenant),
    ],
  );

  return { impacts, impactTenants };
}
