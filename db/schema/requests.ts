import type { Actor, Json } from "~/core/model";
import type { RequestedKind, StoredRequestState } from "~/core/requests/request";
import type { Dialect } from "../dialect";

/** What apps and people ask for, and what became of it. */
export function requestsTables(d: Dialect) {
  const { table, text, timestamp, json, index } = d;

  const requests = table(
    "requests",
    {
      id: text("id").primaryKey(),
      kind: text("kind").notNull().$type<RequestedKind>(),
      /** Null if it is about no tenant, or about many. */
      tenant: text("tenant"),
      /** Null unless it is about a single feature. */
      feature: text("feature"),
      /** What to do: `RequestedAct`, without `keys`. */
      act: json("act").notNull().$type<Json>(),
      /** Who asked. */
      actor: json("actor").notNull().$type<Actor>(),
      /** The tenant's user that an app asks for. */
      user: text("user_id"),
      note: text("note"),
      /** A waiting request lapses by the clock. No row is changed for that. */
      state: text("state").notNull().$type<StoredRequestState>(),
      /** The note of the decision. */
      answer: text("answer"),
      createdAt: timestamp("created_at").notNull(),
      /** Null while it waits, and if it lapsed. */
      decidedAt: timestamp("decided_at"),
      decidedBy: text("decided_by"),
      /** Why guard rails may be passed, if it is not the note. */
      reason: text("reason"),
      /** Tenants of a bulk act that are named by key. Thousands, so it is the last column: others are read without it. */
      keys: json("keys").$type<string[]>(),
    },
    (t) => [
      index("requests_by_state").on(t.state, t.createdAt, t.id),
      index("requests_by_tenant").on(t.tenant, t.createdAt, t.id),
      index("requests_by_tenant_state").on(t.tenant, t.state, t.createdAt, t.id),
      index("requests_by_time").on(t.createdAt, t.id),
    ],
  );

  return { requests };
}
