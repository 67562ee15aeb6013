import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { GrantKind, Json, TenantStatus, Value } from "~/core/model";
import type { Dialect } from "../dialect";
import type { catalogueTables } from "./catalogue";

/**
 * The instant from which a grant is no longer live, or null: the SQL twin of `endOf` in app/core/grants. Indexes hold
 * this expression, so queries must write it in the same way.
 */
export const grantEnd = ({ endsAt, endedAt }: { endsAt: SQLWrapper; endedAt: SQLWrapper }): SQL =>
  sql`(case when ${endedAt} is null or ${endsAt} <= ${endedAt} then ${endsAt} else ${endedAt} end)`;

/** The plan as the list of tenants is sorted by it: "" without one, because the engines place null differently. */
export const sortedPlan = ({ plan }: { plan: SQLWrapper }): SQL => sql`(case when ${plan} is null then '' else ${plan} end)`;

/** Tenants, their metadata, add-ons and grants. */
export function tenantsTables(d: Dialect, { features, plans }: Pick<ReturnType<typeof catalogueTables>, "features" | "plans">) {
  const { table, text, integer, sequence, timestamp, json, index, uniqueIndex, primaryKey } = d;

  const tenants = table(
    "tenants",
    {
      key: text("key").primaryKey(),
      name: text("name").notNull(),
      status: text("status").notNull().$type<TenantStatus>(),
      /** Null without a plan. */
      plan: text("plan").references(() => plans.key),
      metadata: json("metadata").notNull().$type<{ [key: string]: Json }>(),
      /** Name and key, folded by `foldText`: what search reads and the list is sorted by, alike on both engines. */
      searchText: text("search_text").notNull(),
      createdAt: timestamp("created_at").notNull(),
      /** Start of this tenant's reset periods; null for calendar periods in UTC. */
      usageAnchor: timestamp("usage_anchor"),
      revision: integer("revision").notNull(),
    },
    (t) => [
      index("tenants_by_name").on(t.searchText, t.key),
      index("tenants_by_plan").on(t.plan, t.searchText, t.key),
      index("tenants_by_status").on(t.status, t.searchText, t.key),
      index("tenants_by_created").on(t.createdAt, t.key),
      // Walks the tenants of a plan in an order that no edit changes.
      index("tenants_by_plan_and_key").on(t.plan, t.key),
      index("tenants_by_plan_and_status").on(t.plan, t.status),
      index("tenants_in_order_of_plan").on(sortedPlan(t), t.searchText, t.key),
      index("tenants_by_revision").on(t.revision, t.key),
    ],
  );

  /**
   * What search reads of each tenant. A migration adds the index: an FTS5 table with triggers on SQLite, `pg_trgm` on
   * PostgreSQL.
   */
  const tenantSearch = table(
    "tenant_search",
    {
      /** The row's number in SQLite's index. */
      id: sequence("id"),
      tenant: text("tenant")
        .notNull()
        .references(() => tenants.key),
      /** The key, folded by `foldText`. */
      foldedKey: text("folded_key").notNull(),
      /** From `searchedText`. */
      words: text("words").notNull(),
    },
    (t) => [uniqueIndex("tenant_search_by_tenant").on(t.tenant), index("tenant_search_by_key").on(t.foldedKey)],
  );

  /** Metadata that the list of tenants can be filtered by: from `metadataEntries`. */
  const tenantMetadata = table(
    "tenant_metadata",
    {
      tenant: text("tenant")
        .notNull()
        .references(() => tenants.key),
      key: text("key").notNull(),
      value: text("value").notNull(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.key] }), index("tenant_metadata_by_value").on(t.key, t.value, t.tenant)],
  );

  const tenantAddOns = table(
    "tenant_add_ons",
    {
      tenant: text("tenant")
        .notNull()
        .references(() => tenants.key),
      plan: text("plan")
        .notNull()
        .references(() => plans.key),
      addedAt: timestamp("added_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.plan] }), index("tenant_add_ons_by_plan").on(t.plan, t.tenant)],
  );

  const grants = table(
    "grants",
    {
      id: text("id").primaryKey(),
      tenant: text("tenant")
        .notNull()
        .references(() => tenants.key),
      feature: text("feature")
        .notNull()
        .references(() => features.key),
      kind: text("kind").notNull().$type<GrantKind>(),
      /** Null for trials. */
      effect: text("effect").$type<"allow" | "deny">(),
      /** Null for overrides that deny. */
      value: json("value").$type<Value>(),
      startsAt: timestamp("starts_at").notNull(),
      /** Null for overrides without an end. */
      endsAt: timestamp("ends_at"),
      /** Null unless ended early. */
      endedAt: timestamp("ended_at"),
      endedBy: text("ended_by"),
      /** The grant this one extends. */
      extends: text("extends"),
      /** The grant that an undo gave back with this one; null for others. */
      restores: text("restores"),
      note: text("note"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
      /** Id and plan of the bundle that a trial is part of; null for others. */
      bundle: text("bundle"),
      bundlePlan: text("bundle_plan"),
    },
    (t) => [
      index("grants_by_tenant").on(t.tenant, t.startsAt),
      index("grants_by_feature").on(t.feature, t.tenant),
      // The last two columns let live trials be found from the index alone.
      index("grants_by_end").on(t.kind, t.endsAt, t.tenant, t.startsAt, t.endedAt),
      index("grants_by_start").on(t.kind, t.startsAt, t.tenant),
      // Lists over all tenants, sorted by the actual end, as a whole and by feature or person.
      index("grants_by_actual_end").on(t.kind, grantEnd(t), t.id, t.startsAt),
      index("grants_by_feature_and_end").on(t.kind, t.feature, grantEnd(t), t.id),
      index("grants_by_creator_and_end").on(t.kind, t.createdBy, grantEnd(t), t.id),
      // Finds the grant that extends another one. Few do, and SQLite takes an index of mostly null for a poor one.
      index("grants_by_extended").on(t.extends).where(sql`${t.extends} is not null`),
      // Finds the other trials of a bundle. Few are part of one.
      index("grants_by_bundle").on(t.bundle, t.id).where(sql`${t.bundle} is not null`),
    ],
  );

  return { tenants, tenantSearch, tenantMetadata, tenantAddOns, grants };
}
