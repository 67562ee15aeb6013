import type { Json } from "~/core/model";
import type { Role } from "~/core/permissions";
import type { Dialect } from "../dialect";

/** Admins, their sessions, and what they keep of lists. */
export function adminsTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index, uniqueIndex, primaryKey } = d;

  const admins = table(
    "admins",
    {
      id: text("id").primaryKey(),
      /** Lower case. */
      email: text("email").notNull(),
      name: text("name").notNull(),
      role: text("role").notNull().$type<Role>(),
      /** argon2id in PHC format; null while invited. */
      passwordHash: text("password_hash"),
      /** SHA-256 of the one-time link's token in hex; null if no link is open. */
      inviteHash: text("invite_hash"),
      inviteExpiresAt: timestamp("invite_expires_at"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
      /** Null if the admin may sign in. */
      disabledAt: timestamp("disabled_at"),
      lastSignInAt: timestamp("last_sign_in_at"),
    },
    (t) => [uniqueIndex("admins_by_email").on(t.email), uniqueIndex("admins_by_invite").on(t.inviteHash)],
  );

  const sessions = table(
    "sessions",
    {
      /** SHA-256 of the cookie's token in hex. */
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

  /** One-time codes of an authenticator app (RFC 6238). A row exists while they are required at sign-in. */
  const secondFactors = table("second_factors", {
    admin: text("admin")
      .primaryKey()
      .references(() => admins.id),
    /** Encrypted, see `sealing.server.ts`. */
    secret: text("secret").notNull(),
    /** The newest 30 s step whose code was used. Codes of this step and of earlier ones are refused. */
    lastStep: integer("last_step").notNull(),
    createdAt: timestamp("created_at").notNull(),
  });

  /** Unused ones only. */
  const recoveryCodes = table(
    "recovery_codes",
    {
      /** SHA-256 of the code in hex. */
      hash: text("hash").primaryKey(),
      admin: text("admin")
        .notNull()
        .references(() => admins.id),
    },
    (t) => [index("recovery_codes_by_admin").on(t.admin)],
  );

  /** How a person has set up a page, such as the columns of a list. */
  const adminPreferences = table(
    "admin_preferences",
    {
      admin: text("admin")
        .notNull()
        .references(() => admins.id),
      /** The page's name. */
      name: text("name").notNull(),
      value: json("value").notNull().$type<Json>(),
    },
    (t) => [primaryKey({ columns: [t.admin, t.name] })],
  );

  /** Filters, order and columns of a list under a name, for all people. */
  const savedViews = table(
    "saved_views",
    {
      id: text("id").primaryKey(),
      list: text("list").notNull().$type<"tenants">(),
      name: text("name").notNull(),
      /** The name by `foldText`: no two of a list are the same. */
      foldedName: text("folded_name").notNull(),
      /** The query string of the list's URL, without "?". */
      query: text("query").notNull(),
      createdAt: timestamp("created_at").notNull(),
      /** The person's name. */
      createdBy: text("created_by").notNull(),
    },
    (t) => [uniqueIndex("saved_views_by_name").on(t.list, t.foldedName)],
  );

  return { admins, sessions, secondFactors, recoveryCodes, adminPreferences, savedViews };
}
