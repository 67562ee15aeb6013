import type { JobItemState, JobKind, JobState } from "~/core/jobs/job";
import type { Actor, Json } from "~/core/model";
import type { Dialect } from "../dialect";

/** Long work that the worker process does in batches, and its results. */
export function jobsTables(d: Dialect) {
  const { table, text, integer, boolean, timestamp, json, index, primaryKey } = d;

  const jobs = table(
    "jobs",
    {
      id: text("id").primaryKey(),
      kind: text("kind").notNull().$type<JobKind>(),
      /** What to do, without `keys`. */
      params: json("params").notNull().$type<Json>(),
      /** The subjects, if they were named; null if they are found while the job runs. */
      keys: json("keys").$type<string[]>(),
      /** Changes nothing and only says what would change. */
      isPreview: boolean("is_preview").notNull(),
      actor: json("actor").notNull().$type<Actor>(),
      actorId: text("actor_id").notNull(),
      note: text("note"),
      state: text("state").notNull().$type<JobState>(),
      /** Where the next batch begins; null before the first. */
      cursor: json("cursor").$type<Json>(),
      /** Subjects, or null until they are counted. */
      total: integer("total"),
      done: integer("done").notNull().default(0),
      skipped: integer("skipped").notNull().default(0),
      failed: integer("failed").notNull().default(0),
      /** Those of `done` that did not exist before. */
      created: integer("created").notNull().default(0),
      cancelRequested: boolean("cancel_requested").notNull().default(false),
      /** Who runs it until when; null while no process does. */
      holder: text("holder"),
      leaseUntil: timestamp("lease_until"),
      createdAt: timestamp("created_at").notNull(),
      startedAt: timestamp("started_at"),
      finishedAt: timestamp("finished_at"),
      /** Why it failed, as a sentence. */
      problem: text("problem"),
    },
    (t) => [index("jobs_by_state").on(t.state, t.createdAt, t.id), index("jobs_by_time").on(t.isPreview, t.createdAt, t.id)],
  );

  /** One row per subject, written in the transaction that changes the subject. */
  const jobItems = table(
    "job_items",
    {
      job: text("job_id").notNull(),
      /** From 1, in the order in which they were done. */
      seq: integer("seq").notNull(),
      subject: text("subject").notNull(),
      state: text("state").notNull().$type<JobItemState>(),
      /** What changed, or why nothing did. */
      message: text("message").notNull(),
      /** More than the message says; null for most kinds. */
      details: json("details").$type<Json>(),
    },
    (t) => [primaryKey({ columns: [t.job, t.seq] }), index("job_items_by_state").on(t.job, t.state, t.seq)],
  );

  return { jobs, jobItems };
}
