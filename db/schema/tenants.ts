import type { GrantKind, Json, TenantStatus, Value } from "~/core/model";
import type { Dialect } from "../dialect";
import type { catalogueTables } from "./catalogue";

/** Tenants, their add-ons and grants. */
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
      index("tenants_by_plan_and_status").on(t.plan, t.status),
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
      note: text("note"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
    },
    (t) => [
      index("grants_by_tenant").on(t.tenant, t.startsAt),
      index("grants_by_feature").on(t.feature, t.tenant),
      // The last two columns let live trials be found from the index alone.
      index("grants_by_end").on(t.kind, t.endsAt, t.tenant, t.startsAt, t.endedAt),
      index("grants_by_start").on(t.kind, t.startsAt, t.tenant),
    ],
  );

  return { tenants, tenantSearch, tenantAddOns, grants };
}
