import { sql } from "drizzle-orm";
import type { Actor, Json, RequestTags } from "~/core/model";
import type { Dialect } from "../dialect";
import type { AuditSubject, SubjectKind } from "./types";

/** What every change writes: history, feed, audit log and outbox. */
export function changesTables(d: Dialect) {
  const { table, text, integer, sequence, boolean, timestamp, json, index, primaryKey } = d;

  /** The facts document after each change, for point-in-time answers. Subject "" is the catalogue. */
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

  /** One row per change, written in its transaction. Other processes read it to invalidate caches. */
  const changes = table(
    "changes",
    {
      seq: sequence("seq"),
      kind: text("kind").notNull().$type<SubjectKind | "key" | "setting">(),
      subject: text("subject").notNull(),
      at: timestamp("at").notNull(),
    },
    (t) => [index("changes_by_time").on(t.at), index("changes_not_of_tenants").on(t.seq).where(sql`${t.kind} <> 'tenant'`)],
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
      /** Only changed fields; null if nothing existed before. */
      before: json("before").$type<Json>(),
      after: json("after").$type<Json>(),
      why: text("why"),
      /** For PostHog's events about tenants; null if PostHog was off, or no request made the change. */
      request: json("request").$type<RequestTags>(),
      /** The caller's IP address; null: the program itself or the command line, or not known. */
      address: text("address"),
      /** The act that made the row, which other rows may share; null: older than change sets, an act of its own. */
      changeSet: text("change_set"),
      /** Of the facts document that the change made; null: it made none, or is older than this column. */
      revision: integer("revision"),
    },
    (t) => [
      // Lists are sorted by time, of one instant by number. Every filter's index has that order, and bounds a range of it.
      index("audit_by_time").on(t.at, t.seq),
      index("audit_by_subject").on(t.subjectKind, t.subject, t.at, t.seq),
      index("audit_by_actor").on(t.actorKind, t.actorId, t.at, t.seq),
      index("audit_by_action").on(t.action, t.at, t.seq),
      index("audit_by_change_set").on(t.changeSet, t.seq),
    ],
  );

  /** Pending deliveries, one row per topic and subject: only the newest state is sent. */
  const outbox = table(
    "outbox",
    {
      topic: text("topic").notNull(),
      subject: text("subject").notNull(),
      revision: integer("revision").notNull(),
      createdAt: timestamp("created_at").notNull(),
      attempts: integer("attempts").notNull(),
      /** Null if due now. */
      nextAttemptAt: timestamp("next_attempt_at"),
      lastError: text("last_error"),
      /** A resync was requested although nothing changed. */
      forced: boolean("forced").notNull().default(false),
    },
    (t) => [primaryKey({ columns: [t.topic, t.subject] }), index("outbox_by_due").on(t.topic, t.nextAttemptAt, t.createdAt, t.subject)],
  );

  return { factsHistory, changes, audit, outbox };
}
