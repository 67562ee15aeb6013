import { actorOfJob, type Job, type JobKind, liveJobsProblem } from "~/core/jobs/job";
import type { Actor, Instant, Json } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { withRequest } from "~/server/changes/change.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { type AuditEntry, writeAudit } from "~db/store/audit.server";
import { cancelJob, countLiveJobs, insertJob, jobsLock, readJob } from "~db/store/jobs.server";

/** `id`: of a job that is created once, however often it is asked for. `total`: if it is known beforehand. */
export type JobToCreate = {
  id?: string;
  kind: JobKind;
  params: Json;
  keys: string[] | null;
  isPreview: boolean;
  note: string | null;
  total?: number;
};
export type JobCreated = { ok: true; job: Job } | Refusal;

/**
 * In the transaction that creates a job, at its instant. `gate`: why it is refused. `onCreated` writes what belongs to
 * the job beside its row. `entry`: what the audit log says instead of `job.started`; the job is its change set.
 */
export type JobHooks = {
  gate?: (tx: Queries, at: Instant) => Promise<Refusal | null>;
  onCreated?: (tx: Queries, at: Instant, job: Job) => Promise<void>;
  entry?: Omit<AuditEntry, "at" | "actor">;
};

/** Queues a job and tells the process that runs it. */
export async function createJob(
  services: Services,
  by: Actor,
  { keys, ...job }: JobToCreate,
  { gate, onCreated, entry }: JobHooks = {},
): Promise<JobCreated> {
  const { db, now, newId } = services;
  const actor = withRequest(services, by);
  const result = await db.transaction([jobsLock], async (tx): Promise<JobCreated> => {
    const existing = job.id === undefined ? null : await readJob(tx, db.tables, job.id);
    if (existing) return { ok: true, job: existing };
    const problem = liveJobsProblem(await countLiveJobs(tx, db.tables, actor.id));
    if (problem !== null) return refuse("too_many_jobs", problem);
    const at = now();
    const refusal = await gate?.(tx, at);
    if (refusal) return refusal;
    const created = { ...job, id: job.id ?? newId("job"), actor, keys, total: job.total ?? keys?.length ?? null, createdAt: at };
    const inserted = await insertJob(tx, db.tables, created);
    if (entry) await writeAudit(tx, db.tables, { ...entry, at, actor: actorOfJob(inserted) });
    else if (!job.isPreview) await writeAudit(tx, db.tables, { ...aboutJob(inserted), action: "job.started", at, actor });
    await onCreated?.(tx, at, inserted);
    return { ok: true, job: inserted };
  });
  if (result.ok) wakeJobs(services);
  return result;
}

/** What the audit log says of a job. Its changes have entries of their own. */
const aboutJob = ({ id, kind, params, note }: Job) => ({ subjectKind: "job", subject: id, after: { kind, params }, why: note }) as const;

/** The worker process runs jobs, or this one if there is none. A poll finds them if this message is lost. */
export function wakeJobs({ background, jobs }: Pick<Services, "background" | "jobs">): void {
  if (background.isOn()) void background.wakeJobs().catch(() => {});
  else jobs.wake();
}

/** A running job ends after its batch. Cancelling it again is not logged. Null if there is no such job. */
export async function cancelOneJob({ db, now }: Services, actor: Actor, id: string): Promise<JobCreated | null> {
  return db.transaction([jobsLock], async (tx) => {
    const at = now();
    const before = await readJob(tx, db.tables, id);
    if (!before) return null;
    const job = await cancelJob(tx, db.tables, id, at);
    if (!job) return refuse("job_over", "This job is over already, so there is nothing to cancel.");
    if (!before.cancelRequested && !job.isPreview)
      await writeAudit(tx, db.tables, { ...aboutJob(job), action: "job.cancelled", at, actor });
    return { ok: true, job };
  });
}
