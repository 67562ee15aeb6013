import type { Json } from "~/core/model";
import type { Dialect } from "../dialect";

/** Settings, leases, answers to repeated writes and counts of sign-ins. */
export function systemTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index, primaryKey } = d;

  const settings = table("settings", {
    key: text("key").primaryKey(),
    value: json("value").notNull().$type<Json>(),
  });

  /** Leases on work that one process does at a time, with their expiry. */
  const leases = table("leases", {
    name: text("name").primaryKey(),
    holder: text("holder").notNull(),
    until: timestamp("until").notNull(),
  });

  /** Answers to writes with an Idempotency-Key, kept for a day. */
  const idempotentAnswers = table(
    "idempotent_answers",
    {
      /** The API key's id. */
      principal: text("principal").notNull(),
      key: text("key").notNull(),
      /** SHA-256 of method, path and body. The same key with another request is an error. */
      fingerprint: text("fingerprint").notNull(),
      /** Null while the first request is in progress. */
      status: integer("status"),
      body: text("body"),
      createdAt: timestamp("created_at").notNull(),
    },
    (t) => [primaryKey({ columns: [t.principal, t.key] }), index("idempotent_answers_by_time").on(t.createdAt)],
  );

  /** Tries to sign in, counted for all nodes on one PostgreSQL. The names of the columns are rate-limiter-flexible's. */
  const signInCounts = table(
    "sign_in_counts",
    {
      /** SHA-256 in base64url of what is counted: a network, an account, or both. */
      key: text("key").primaryKey(),
      points: integer("points").notNull(),
      /** The count resets here, and the row may be deleted. */
      expire: timestamp("expire").notNull(),
    },
    (t) => [index("sign_in_counts_by_expiry").on(t.expire)],
  );

  return { settings, leases, idempotentAnswers, signInCounts };
}
