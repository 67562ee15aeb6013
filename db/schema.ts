import type {
  Actor,
  ConfigSettings,
  FeatureType,
  FlagReading,
  FlagTie,
  GrantKind,
  Json,
  MeterSettings,
  PlanKind,
  RequestTags,
  ResetPeriod,
  TenantStatus,
  Value,
} from "~/core/model";
import type { Dialect } from "./dialect";

/**
 * Every table, once, for both engines. Units: timestamps are instants with milliseconds; revisions and `seq`
 * come from one sequence (`changes.seq`), so a larger number is a later change. Null means what its comment says.
 */
export function defineSchema(d: Dialect) {
  const { table, text, integer, sequence, boolean, timestamp, json, index, uniqueIndex, primaryKey } = d;

  const features = table("features", {
    key: text("key").primaryKey(),
    name: text("name").notNull(),
    description: text("description"),
    group: text("group_name"),
    type: text("type").notNull().$type<FeatureType>(),
    /** ConfigSettings or MeterSettings; null for boolean features. */
    settings: json("settings").$type<ConfigSettings | MeterSettings>(),
    /** Null: not tied to a flag. */
    flag: json("flag").$type<FlagTie>(),
    /** Null: in use. */
    archivedAt: timestamp("archived_at"),
    revision: integer("revision").notNull(),
  });

  const plans = table("plans", {
    key: text("key").primaryKey(),
    name: text("name").notNull(),
    description: text("description"),
    kind: text("kind").notNull().$type<PlanKind>(),
    rank: integer("rank").notNull(),
    /** Null: includes no other plan. Checked by the change, not by a key: an import may write them in any order. */
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

  const tenants = table(
    "tenants",
    {
      key: text("key").primaryKey(),
      name: text("name").notNull(),
      status: text("status").notNull().$type<TenantStatus>(),
      /** Null: no plan. */
      plan: text("plan").references(() => plans.key),
      metadata: json("metadata").notNull().$type<{ [key: string]: Json }>(),
      /** Name and key, folded by `foldText`: what search reads and the list is sorted by, alike on both engines. */
      searchText: text("search_text").notNull(),
      createdAt: timestamp("created_at").notNull(),
      /** Where this tenant's reset periods begin; null: with the calendar in UTC. */
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
      /** Null for a denying override. */
      value: json("value").$type<Value>(),
      startsAt: timestamp("starts_at").notNull(),
      /** Null: an override without an end. */
      endsAt: timestamp("ends_at"),
      /** Null: nobody ended it early. */
      endedAt: timestamp("ended_at"),
      endedBy: text("ended_by"),
      /** The grant that this one prolongs. */
      extends: text("extends"),
      note: text("note"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
    },
    (t) => [
      index("grants_by_tenant").on(t.tenant, t.startsAt),
      index("grants_by_feature").on(t.feature, t.tenant),
      // The last two so that "who has a live trial" is answered from the index alone.
      index("grants_by_end").on(t.kind, t.endsAt, t.tenant, t.startsAt, t.endedAt),
      index("grants_by_start").on(t.kind, t.startsAt, t.tenant),
    ],
  );

  /** The facts document as it was after each change: what `at` in the past reads. Subject "" is the catalogue. */
  const factsHistory = table(
    "facts_history",
    {
      kind: text("kind").notNull().$type<SubjectKind>(),
      subject: text("subject").notNull(),
      revision: integer("revision").notNull(),
      recordedAt: timestamp("recorded_at").notNull(),
      document: json("document").notNull(),
    },
    (t) => [primaryKey({ columns: [t.kind, t.subject, t.revision] }), index("facts_history_by_time").on(t.kind, t.subject, t.recordedAt)],
  );

  /** One row for each change, written in its transaction: what other processes read to drop what they hold. */
  const changes = table(
    "changes",
    {
      seq: sequence("seq"),
      kind: text("kind").notNull().$type<SubjectKind | "key" | "setting">(),
      subject: text("subject").notNull(),
      at: timestamp("at").notNull(),
    },
    (t) => [index("changes_by_time").on(t.at)],
  );

  const audit = table(
    "audit",
    {
      seq: sequence("seq"),
      at: timestamp("at").notNull(),
      actorKind: text("actor_kind").notNull().$type<Actor["kind"]>(),
      actorId: text("actor_id").notNull(),
      actorName: text("actor_name").notNull(),
      action: text("action").notNull(),
      subjectKind: text("subject_kind").notNull().$type<AuditSubject>(),
      subject: text("subject").notNull(),
      /** Only what changed; null: there was nothing before. */
      before: json("before").$type<Json>(),
      after: json("after").$type<Json>(),
      why: text("why"),
      /** Of changes to tenants, for PostHog's events; null: PostHog was off, or no request made the change. */
      request: json("request").$type<RequestTags>(),
      /** The caller's IP address; null: the program itself or the command line, or not known. */
      address: text("address"),
    },
    (t) => [
      index("audit_by_subject").on(t.subjectKind, t.subject, t.seq),
      index("audit_by_actor").on(t.actorKind, t.actorId, t.seq),
      index("audit_by_action").on(t.action, t.seq),
    ],
  );

  /** What has still to reach the outside, one row for each topic and subject: the newest state is what counts. */
  const outbox = table(
    "outbox",
    {
      topic: text("topic").notNull(),
      subject: text("subject").notNull(),
      revision: integer("revision").notNull(),
      createdAt: timestamp("created_at").notNull(),
      attempts: integer("attempts").notNull(),
      /** Null: due now. */
      nextAttemptAt: timestamp("next_attempt_at"),
      lastError: text("last_error"),
      /** Somebody asked for it to be sent again, although nothing changed. */
      forced: boolean("forced").notNull().default(false),
    },
    (t) => [primaryKey({ columns: [t.topic, t.subject] }), index("outbox_by_due").on(t.topic, t.nextAttemptAt, t.createdAt, t.subject)],
  );

  /** Events that PostHog has still to be told, as they will be sent. What becomes of tenants is read from `changes` instead. */
  const waitingEvents = table("waiting_events", {
    seq: sequence("seq"),
    createdAt: timestamp("created_at").notNull(),
    body: json("body").notNull().$type<{ [name: string]: Json }>(),
  });

  const apiKeys = table(
    "api_keys",
    {
      id: text("id").primaryKey(),
      name: text("name").notNull(),
      /** SHA-256 of the whole key, in hex. The key itself is shown once and kept nowhere. */
      hash: text("hash").notNull(),
      /** The key's first and last characters, for people to recognise it by. */
      hint: text("hint").notNull(),
      scopes: json("scopes").notNull().$type<ApiScope[]>(),
      /** `pub` keys may be seen by anybody: they are in browsers. */
      kind: text("kind").notNull().default("live").$type<KeyKind>(),
      /** The only tenant that it may ask about; null: any. */
      tenant: text("tenant"),
      /** Pages of which origins may use a `pub` key, or the tokens that a live key mints; null: none. */
      origins: json("origins").$type<string[]>(),
      /** The key that this one takes over from. */
      replaces: text("replaces"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
      /** Null: does not expire. */
      expiresAt: timestamp("expires_at"),
      revokedAt: timestamp("revoked_at"),
      lastUsedAt: timestamp("last_used_at"),
    },
    (t) => [uniqueIndex("api_keys_by_hash").on(t.hash)],
  );

  const admins = table(
    "admins",
    {
      id: text("id").primaryKey(),
      /** Lower case. */
      email: text("email").notNull(),
      name: text("name").notNull(),
      role: text("role").notNull().$type<Role>(),
      /** argon2id in PHC form; null: invited, has not signed in yet. */
      passwordHash: text("password_hash"),
      /** SHA-256 of the one-time link's token, in hex; null: no link is open. */
      inviteHash: text("invite_hash"),
      inviteExpiresAt: timestamp("invite_expires_at"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
      /** Null: may sign in. */
      disabledAt: timestamp("disabled_at"),
      lastSignInAt: timestamp("last_sign_in_at"),
    },
    (t) => [uniqueIndex("admins_by_email").on(t.email), uniqueIndex("admins_by_invite").on(t.inviteHash)],
  );

  const sessions = table(
    "sessions",
    {
      /** SHA-256 of the cookie's token, in hex. */
      hash: text("hash").primaryKey(),
      admin: text("admin")
        .notNull()
        .references(() => admins.id),
      createdAt: timestamp("created_at").notNull(),
      lastSeenAt: timestamp("last_seen_at").notNull(),
      expiresAt: timestamp("expires_at").notNull(),
    },
    (t) => [index("sessions_by_admin").on(t.admin), index("sessions_by_expiry").on(t.expiresAt)],
  );

  /** How often a tenant's features were asked for, by UTC day. Feature "*" is one ask for all features at once. */
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
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.day, t.feature, t.allowed, t.source] }),
      index("check_counts_by_day").on(t.day),
      // Covers which tenants were checked for a feature since a day.
      index("check_counts_by_feature").on(t.feature, t.day, t.tenant),
    ],
  );

  const settings = table("settings", {
    key: text("key").primaryKey(),
    value: json("value").notNull().$type<Json>(),
  });

  /** What PostHog last accepted of each tenant. What has still to be sent, and why it was not, stands in the outbox. */
  const groupSyncs = table("group_syncs", {
    tenant: text("tenant").primaryKey(),
    revision: integer("revision").notNull(),
    sentAt: timestamp("sent_at").notNull(),
    properties: json("properties").notNull().$type<{ [name: string]: Json }>(),
  });

  /** The newest value that PostHog ever gave of a flag for a tenant: what counts while it does not answer. */
  const flagValues = table(
    "flag_values",
    {
      tenant: text("tenant").notNull(),
      flag: text("flag").notNull(),
      state: text("state").notNull().$type<"on" | "off">(),
      /** Null: the flag has none. */
      payload: json("payload").$type<Json>(),
      variant: text("variant"),
      seenAt: timestamp("seen_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.flag] }), index("flag_values_by_flag").on(t.flag, t.tenant)],
  );

  /**
   * What checks knew of each tenant's flags since when: what `at` in the past reads. Tenant "" and flag "": from here on nothing
   * was known of any, since PostHog was off.
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

  /** Work that only one process may do at a time, and until when it has the right to. */
  const leases = table("leases", {
    name: text("name").primaryKey(),
    holder: text("holder").notNull(),
    until: timestamp("until").notNull(),
  });

  /** Every report of consumption once: the same key again within seven days is the same report. */
  const usageEvents = table(
    "usage_events",
    {
      tenant: text("tenant").notNull(),
      idempotencyKey: text("idempotency_key").notNull(),
      feature: text("feature").notNull(),
      /** What was reported, to tell a repetition from a mix-up. */
      report: json("report").notNull().$type<Json>(),
      /** What was answered to a consumption; null for plain reports. */
      answer: json("answer").$type<Json>(),
      recordedAt: timestamp("recorded_at").notNull(),
      /** The event's own time, and the counter that it belongs to. Null for what was recorded before these columns existed. */
      at: timestamp("at"),
      periodKind: text("period_kind").$type<ResetPeriod>(),
      periodStart: integer("period_start"),
      /** What was added; null for a `set` and for a consumption that was refused. */
      added: integer("added"),
      /** The id of the API key that sent it; null for what was recorded before this column existed. */
      apiKey: text("api_key"),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.idempotencyKey] }),
      index("usage_events_by_time").on(t.recordedAt),
      // Covers the sum of what was added to a counter after an instant.
      index("usage_events_by_counter").on(t.tenant, t.feature, t.periodKind, t.periodStart, t.at, t.added),
    ],
  );

  /** What was consumed of a metered feature in one reset period. */
  const usageTotals = table(
    "usage_totals",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      periodKind: text("period_kind").notNull().$type<ResetPeriod>(),
      /** The period's first instant in milliseconds; -1: it never resets. */
      periodStart: integer("period_start").notNull(),
      /** The true sum, which may be below 0 or above 2^53 - 1: read it as text. */
      used: integer("used").notNull(),
      /** The time of the newest `set` and of the newest event; null: there was none. */
      setAt: timestamp("set_at"),
      lastAt: timestamp("last_at"),
      /** The id of the API key that sent the newest `set`; null: there was none, or nobody wrote it down. */
      setBy: text("set_by"),
      /** Counts the writes of this row: of two readings the one with the greater version is newer. */
      version: integer("version").notNull().default(0),
      /** The transaction that wrote it: PostgreSQL's id, or on SQLite a number one above all others. Other processes follow it. */
      writtenBy: integer("written_by").notNull().default(0),
      /** Never earlier than the time before, whosever clock it was. */
      updatedAt: timestamp("updated_at").notNull(),
    },
    (t) => [
      primaryKey({ columns: [t.tenant, t.feature, t.periodKind, t.periodStart] }),
      index("usage_totals_by_writer").on(t.writtenBy),
      // Which tenants have used some of a feature in their present period.
      index("usage_totals_by_feature").on(t.feature, t.periodKind, t.periodStart, t.tenant),
    ],
  );

  /** What counters were before each change of the last days: what `at` in the past reads. */
  const usageHistory = table(
    "usage_history",
    {
      tenant: text("tenant").notNull(),
      feature: text("feature").notNull(),
      periodKind: text("period_kind").notNull().$type<ResetPeriod>(),
      periodStart: integer("period_start").notNull(),
      at: timestamp("at").notNull(),
      /** As it was shown; null: nobody wrote it down. */
      usedBefore: integer("used_before"),
    },
    (t) => [primaryKey({ columns: [t.tenant, t.feature, t.periodKind, t.periodStart, t.at] }), index("usage_history_by_time").on(t.at)],
  );

  /** Answers to writes that named an Idempotency-Key, kept for a day. */
  const idempotentAnswers = table(
    "idempotent_answers",
    {
      /** The API key's id. */
      principal: text("principal").notNull(),
      key: text("key").notNull(),
      /** SHA-256 of method, path and body: the same key with another request is a mistake. */
      fingerprint: text("fingerprint").notNull(),
      /** Null: the first one is still being worked on. */
      status: integer("status"),
      body: text("body"),
      createdAt: timestamp("created_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.principal, t.key] }), index("idempotent_answers_by_time").on(t.createdAt)],
  );

  return {
    usageEvents,
    usageTotals,
    usageHistory,
    idempotentAnswers,
    groupSyncs,
    flagValues,
    flagReadings,
    leases,
    features,
    plans,
    planFeatures,
    tenants,
    tenantAddOns,
    grants,
    factsHistory,
    changes,
    audit,
    outbox,
    waitingEvents,
    apiKeys,
    admins,
    sessions,
    checkCounts,
    settings,
  };
}

export type Schema = ReturnType<typeof defineSchema>;
export type SubjectKind = "tenant" | "catalogue";
export type AuditSubject = "tenant" | "feature" | "plan" | "catalogue" | "api_key" | "admin" | "settings";
export const apiScopes = ["check", "usage", "manage"] as const;
export const keyKinds = ["live", "pub"] as const;
export type KeyKind = (typeof keyKinds)[number];
export type ApiScope = (typeof apiScopes)[number];
export const roles = ["owner", "admin", "viewer"] as const;
export type Role = (typeof roles)[number];
