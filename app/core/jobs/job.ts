import type { Actor, Instant, Json } from "~/core/model";

/** `impact` changes nothing: its results are in tables of their own. `drift` compares tenants with PostHog. */
export const jobKinds = ["bulk", "catalogue_import", "drift", "impact", "tenant_csv", "undo"] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ["queued", "running", "done", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

/** In a preview, `done` means that the subject would change. */
export const jobItemStates = ["done", "skipped", "failed"] as const;
export type JobItemState = (typeof jobItemStates)[number];

/** `isNew`: the subject did not exist before. `details`: more than the message says, of the kind's own type. */
export type JobItem = { subject: string; state: JobItemState; message: string; isNew?: boolean; details?: Json };

export type Job = {
  id: string;
  kind: JobKind;
  params: Json;
  isPreview: boolean;
  actor: Actor;
  note: string | null;
  state: JobState;
  /** Null until the subjects are counted. */
  total: number | null;
  done: number;
  skipped: number;
  failed: number;
  /** Those of `done` that did not exist before. */
  created: number;
  cancelRequested: boolean;
  createdAt: Instant;
  startedAt: Instant | null;
  finishedAt: Instant | null;
  /** Why it failed, as a sentence. */
  problem: string | null;
};

export const isJobOver = ({ state }: Pick<Job, "state">): boolean => state !== "queued" && state !== "running";

/** Why the tenants with a result cannot be tried again, or null. A job that runs may still add some. */
export function repeatProblem(job: Job, state: JobItemState): string | null {
  if (!isJobOver(job)) return "That job still runs. Wait for its end, or cancel it.";
  return job[state] > 0 ? null : "That job has no such tenants.";
}

/** Max jobs that wait or run, previews included. */
export const maxLiveJobs = 50;
export const maxLiveJobsPerPerson = 5;

/** Why another job cannot be created now, or null. */
export function liveJobsProblem(live: { all: number; own: number }): string | null {
  if (live.own >= maxLiveJobsPerPerson)
    return `You have ${maxLiveJobsPerPerson} jobs that wait or run. Wait until one has ended, or cancel one.`;
  if (live.all >= maxLiveJobs) return `There are ${maxLiveJobs} jobs that wait or run. Wait until one has ended, or cancel one.`;
  return null;
}

/** The actor of a job's writes, which are one change set. */
export const actorOfJob = ({ id, actor }: Pick<Job, "id" | "actor">): Actor => ({ ...actor, changeSet: id });
