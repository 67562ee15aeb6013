import type { ApiScope } from "~/core/permissions";
import type { Dialect } from "../dialect";
import type { KeyKind } from "./types";

/** API keys. */
export function keysTables(d: Dialect) {
  const { table, text, timestamp, json, uniqueIndex } = d;

  const apiKeys = table(
    "api_keys",
    {
      id: text("id").primaryKey(),
      name: text("name").notNull(),
      /** SHA-256 of the key in hex. The key itself is shown once and not stored. */
      hash: text("hash").notNull(),
      /** The key's first and last characters, so that people recognize it. */
      hint: text("hint").notNull(),
      scopes: json("scopes").notNull().$type<ApiScope[]>(),
      /** `pub` keys are public: browsers use them. */
      kind: text("kind").notNull().default("live").$type<KeyKind>(),
      /** The only tenant the key may ask about, or null for any. */
      tenant: text("tenant"),
      /** Origins that may use a `pub` key or the tokens of a live key; null if none. */
      origins: json("origins").$type<string[]>(),
      /** The key this one replaces. */
      replaces: text("replaces"),
      createdAt: timestamp("created_at").notNull(),
      createdBy: text("created_by").notNull(),
      /** Null if it does not expire. */
      expiresAt: timestamp("expires_at"),
      revokedAt: timestamp("revoked_at"),
      lastUsedAt: timestamp("last_used_at"),
    },
    (t) => [uniqueIndex("api_keys_by_hash").on(t.hash)],
  );

  return { apiKeys };
}
