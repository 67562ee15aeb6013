import { isJobOver } from "~/core/jobs/job";
import type { Instant } from "~/core/model";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { countQueuedUntil, countTenants } from "~db/store/group-syncs.server";
import { readJob } from "~db/store/jobs.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

/** The id of the last job that sends all tenants again. */
const setting = "posthog_resync_job";

export const writeResyncJob = (tx: Queries, t: Schema, job: string) => writeSetting(tx, t, setting, job);

/**
 * How far the last resync of all tenants is, the same in every process and after a restart. Its job queues them, and
 * group sync sends them. `done`: those that were sent. `doneAt`: null until all that were queued are sent.
 */
export async function resyncProgress(q: Queries, t: Schema, now: Instant) {
  const id = await readSetting(q, t, setting);
  const job = typeof id === "string" ? await readJob(q, t, id) : null;
  // Jobs are kept for 90 days.
  if (!job) return null;
  const { total, state, actor, createdAt, finishedAt } = job;
  const queued = job.done + job.skipped + job.failed;
  const left = queued > 0 ? await countQueuedUntil(q, t, finishedAt ?? now) : 0;
  return {
    job: job.id,
    state,
    by: actor.name,
    startedAt: createdAt,
    total: total ?? (await countTenants(q, t)),
    done: Math.max(0, queued - left),
    doneAt: isJobOver(job) && left === 0 ? finishedAt : null,
  };
}
