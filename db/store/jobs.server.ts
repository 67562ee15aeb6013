import { and, asc, desc, eq, inArray, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { type Job, type JobItemState, jobKinds } from "~/core/jobs/job";
import type { Instant, Json } from "~/core/model";
import type { Database, Lock, Queries } from "../database";
import type { Schema } from "../schema";
import { dateOrNull } from "./dates";

/** Taken to create a job, so that their number stays within its limits, and to cancel one, so that it is logged once. */
export const jobsLock: Lock = { key: "jobs" };

const live = ["queued", "running"] as const;

type JobRow = Omit<Schema["jobs"]["$inferSelect"], "keys" | "cursor" | "holder" | "leaseUntil" | "actorId">;

/** Without `keys`, which may be thousands. */
function jobColumns({ jobs: j }: Schema) {
  const { id, kind, params, isPreview, actor, note, state, total, done, skipped, failed, created, cancelRequested } = j;
  const { createdAt, startedAt, finishedAt, problem } = j;
  const counts = { total, done, skipped, failed, created };
  return { id, kind, params, isPreview, actor, note, state, ...counts, cancelRequested, createdAt, startedAt, finishedAt, problem };
}

function jobOf({ createdAt, startedAt, finishedAt, ...row }: JobRow): Job {
  const timeOf = (at: Date | null) => at?.getTime() ?? null;
  return { ...row, createdAt: createdAt.getTime(), startedAt: timeOf(startedAt), finishedAt: timeOf(finishedAt) };
}

export type NewJob = Pick<Job, "id" | "kind" | "params" | "isPreview" | "actor" | "note" | "total" | "createdAt"> & {
  keys: string[] | null;
};

export async function insertJob(tx: Queries, t: Schema, job: NewJob): Promise<Job> {
  const row = { ...job, actorId: job.actor.id, state: "queued" as const, createdAt: new Date(job.createdAt) };
  const [made] = await tx.insert(t.jobs).values(row).returning(jobColumns(t));
  return jobOf(made as JobRow);
}

/** Jobs that wait or run, and those of this person or key. */
export async function countLiveJobs(tx: Queries, { jobs }: Schema, actorId: string): Promise<{ all: number; own: number }> {
  const rows = await tx.select({ actorId: jobs.actorId }).from(jobs).where(inArray(jobs.state, live));
  return { all: rows.length, own: rows.filter((row) => row.actorId === actorId).length };
}

export async function readJob(q: Queries, t: Schema, id: string): Promise<Job | null> {
  const [row] = await q.select(jobColumns(t)).from(t.jobs).where(eq(t.jobs.id, id));
  return row ? jobOf(row) : null;
}

/** With the place where its next batch begins, as of the same instant. */
export async function readJobWithCursor(q: Queries, t: Schema, id: string): Promise<{ job: Job; cursor: Json } | null> {
  const [row] = await q
    .select({ ...jobColumns(t), cursor: t.jobs.cursor })
    .from(t.jobs)
    .where(eq(t.jobs.id, id));
  if (!row) return null;
  const { cursor, ...job } = row;
  return { job: jobOf(job), cursor: cursor ?? null };
}

/** Jobs of a kind that wait or run. */
export async function liveJobsOf(q: Queries, { jobs }: Schema, kind: Job["kind"]): Promise<Pick<Job, "params" | "isPreview">[]> {
  const { params, isPreview } = jobs;
  return q
    .select({ params, isPreview })
    .from(jobs)
    .where(and(inArray(jobs.state, live), eq(jobs.kind, kind)));
}

/** The named subjects, or null if they are found while the job runs. */
export async function readJobKeys(q: Queries, { jobs }: Schema, id: string): Promise<string[] | null> {
  const [row] = await q.select({ keys: jobs.keys }).from(jobs).where(eq(jobs.id, id));
  return row?.keys ?? null;
}

export type JobPlace = { createdAt: Instant; id: string };

/** Newest first. Previews are left out. */
export async function listJobs(q: Queries, t: Schema, { after, size }: { after?: JobPlace; size: number }): Promise<Job[]> {
  const { createdAt, id, isPreview } = t.jobs;
  const earlier = after && sql`(${createdAt}, ${id}) < (${sql.param(new Date(after.createdAt), createdAt)}, ${after.id})`;
  const rows = await q
    .select(jobColumns(t))
    .from(t.jobs)
    .where(and(eq(isPreview, false), earlier))
    .orderBy(desc(createdAt), desc(id))
    .limit(size);
  return rows.map(jobOf);
}

/** How jobs are shared between processes: previews do not wait for jobs that change something. */
export type JobLane = { isPreview: boolean; now: Instant };

/** No process runs it, or the one that did was killed. */
const hasNoHolder = ({ jobs: j }: Schema, now: Instant) => or(isNull(j.leaseUntil), lte(j.leaseUntil, new Date(now)));

function free(t: Schema, { isPreview, now }: JobLane): SQL | undefined {
  const { jobs: j } = t;
  // A newer version may have made jobs of kinds that this one does not know.
  return and(inArray(j.state, live), inArray(j.kind, [...jobKinds]), eq(j.isPreview, isPreview), hasNoHolder(t, now));
}

/** The oldest job that no process runs. */
export async function findFreeJob(q: Queries, t: Schema, lane: JobLane): Promise<string | null> {
  const { id, createdAt } = t.jobs;
  const [row] = await q.select({ id }).from(t.jobs).where(free(t, lane)).orderBy(asc(createdAt), asc(id)).limit(1);
  return row?.id ?? null;
}

export type TakenJob = { job: Job; cursor: Json; keys: string[] | null };

/** Takes the job for `ttl`. Null if another process was faster, or it is over. */
export async function takeJob(
  db: Database,
  id: string,
  lane: JobLane,
  { holder, ttl }: { holder: string; ttl: number },
): Promise<TakenJob | null> {
  const t = db.tables;
  const at = new Date(lane.now);
  const set = {
    state: "running" as const,
    holder,
    leaseUntil: new Date(lane.now + ttl),
    startedAt: sql`coalesce(${t.jobs.startedAt}, ${sql.param(at, t.jobs.startedAt)})`,
  };
  const [row] = await db.transaction([], async (tx) =>
    tx
      .update(t.jobs)
      .set(set)
      .where(and(eq(t.jobs.id, id), free(t, lane)))
      .returning({ ...jobColumns(t), cursor: t.jobs.cursor, keys: t.jobs.keys }),
  );
  if (!row) return null;
  const { cursor, keys, ...job } = row;
  return { job: jobOf(job), cursor: cursor ?? null, keys };
}

const ofHolder = ({ jobs }: Schema, id: string, holder: string) => and(eq(jobs.id, id), eq(jobs.holder, holder), eq(jobs.state, "running"));

/** First in a batch's transaction: extends the lease. Null if it was lost, so that nothing may be written. */
export async function holdJob(
  tx: Queries,
  t: Schema,
  id: string,
  { holder, until }: { holder: string; until: Instant },
): Promise<{ cancelRequested: boolean } | null> {
  const [row] = await tx
    .update(t.jobs)
    .set({ leaseUntil: new Date(until) })
    .where(ofHolder(t, id, holder))
    .returning({ cancelRequested: t.jobs.cancelRequested });
  return row ?? null;
}

/** Leaves the rest to the next process that looks. */
export async function releaseJob(db: Database, id: string, holder: string): Promise<void> {
  const t = db.tables;
  await db.transaction(
    [],
    async (tx) =>
      void (await tx
        .update(t.jobs)
        .set({ holder: null, leaseUntil: null })
        .where(ofHolder(t, id, holder))),
  );
}

export type JobMoves = Partial<Pick<Job, "total" | "created" | JobItemState>> & { cursor?: Json };

/** `end`: the job is over, for the reason given if it failed. */
export async function moveJob(
  tx: Queries,
  t: Schema,
  id: string,
  progress: JobMoves,
  end?: { state: "done" | "failed" | "cancelled"; at: Instant; problem?: string },
): Promise<void> {
  const over = end && { state: end.state, finishedAt: dateOrNull(end.at), problem: end.problem ?? null, holder: null, leaseUntil: null };
  await tx
    .update(t.jobs)
    .set({ ...progress, ...over })
    .where(eq(t.jobs.id, id));
}

/**
 * Cancels a job at once if no process runs it, also one of a kind that this version does not know. Otherwise it ends
 * after its batch. Null if it is over, or there is none.
 */
export async function cancelJob(tx: Queries, t: Schema, id: string, at: Instant): Promise<Job | null> {
  const { jobs } = t;
  const ended = { state: "cancelled" as const, cancelRequested: true, finishedAt: new Date(at), holder: null, leaseUntil: null };
  const isFree = and(eq(jobs.id, id), inArray(jobs.state, live), hasNoHolder(t, at));
  const [cancelled] = await tx.update(jobs).set(ended).where(isFree).returning(jobColumns(t));
  if (cancelled) return jobOf(cancelled);
  const isRun = and(eq(jobs.id, id), eq(jobs.state, "running"));
  const [requested] = await tx.update(jobs).set({ cancelRequested: true }).where(isRun).returning(jobColumns(t));
  return requested ? jobOf(requested) : null;
}
