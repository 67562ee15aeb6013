import type { ConfigSettings, FeatureType, FlagLink, MeterSettings, PlanKind, Value } from "~/core/model";
import type { Dialect } from "../dialect";

/** Features, plans and what plans give. */
export function catalogueTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index, primaryKey } = d;

  const features = table("features", {
    key: text("key").primaryKey(),
    name: text("name").notNull(),
    description: text("description"),
    group: text("group_name"),
    type: text("type").notNull().$type<FeatureType>(),
    /** ConfigSettings or MeterSettings; null for boolean features. */
    settings: json("settings").$type<ConfigSettings | MeterSettings>(),
    /** Null if not linked to a flag. */
    flag: json("flag").$type<FlagLink>(),
    /** Null if active. */
    archivedAt: timestamp("archived_at"),
    revision: integer("revision").notNull(),
  });

  const plans = table("plans", {
    key: text("key").primaryKey(),
    name: text("name").notNull(),
    description: text("description"),
    kind: text("kind").notNull().$type<PlanKind>(),
    rank: integer("rank").notNull(),
    /**
     * Null if it includes no plan. Checked by the change, not by a foreign key, because an import may write plans in
     * any order.
     */
    includes: text("includes"),
    archivedAt: timestamp("archived_at"),
    revision: integer("revision").notNull(),
  });

  const planFeatures = table(
    "plan_features",
    {
      plan: text("plan")
        .notNull()
        .references(() => plans.key),
      feature: text("feature")
        .notNull()
        .references(() => features.key),
      value: json("value").notNull().$type<Value>(),
    },
    (t) => [primaryKey({ columns: [t.plan, t.feature] }), index("plan_features_by_feature").on(t.feature)],
  );

  return { features, plans, planFeatures };
}
