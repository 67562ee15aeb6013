import { isJobOver } from "~/core/jobs/job";
import type { Actor, Instant } from "~/core/model";
import { refuse } from "~/core/outcome";
import { type DriftPlace, type DriftRow, driftStart } from "~/core/posthog/drift";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import { whyNoGroups } from "~/server/posthog/groups/group-list.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Services } from "~/server/services.server";
import type { Database } from "~db/database";
import { listJobDetails } from "~db/store/job-items.server";
import { liveJobsOf, readJobWithCursor } from "~db/store/jobs.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

/** The id of the last comparison's job. */
const setting = "posthog_drift_job";
/** Differences that the page and the API show. All are results of the job. */
const maxShown = 100;

const alreadyRuns = "A comparison is under way already. Wait for its end, or cancel its job.";

export type DriftResult = Omit<DriftPlace, "page" | "after"> & {
  job: string;
  by: string;
  startedAt: Instant;
  /** Null while it waits or runs. */
  finishedAt: Instant | null;
  same: number;
  /** Tenants skipped because their changes are queued. */
  waiting: number;
  rows: DriftRow[];
  error: string | null;
};

/** Queues a comparison of PostHog's groups with the expected properties. One at a time. */
export async function startDrift(services: Services, actor: Actor): Promise<JobCreated> {
  const t = services.db.tables;
  const job = { kind: "drift" as const, params: {}, keys: null, isPreview: false, note: null };
  return createJob(services, actor, job, {
    gate: async (tx) => ((await liveJobsOf(tx, t, "drift")).length > 0 ? refuse("comparison_running", alreadyRuns) : null),
    onCreated: (tx, _at, { id }) => writeSetting(tx, t, setting, id),
    entry: { action: "posthog.drift_compared", subjectKind: "settings", subject: "posthog" },
  });
}

/** The last result, or the reason there can be none. */
export async function driftStatus(settings: PosthogSettings, db: Database) {
  const whyNot = whyNoGroups(settings);
  const result = await lastResult(db);
  return { whyNot, result, isRunning: result?.finishedAt === null };
}

async function lastResult({ readAside: q, tables: t }: Database): Promise<DriftResult | null> {
  const id = await readSetting(q, t, setting);
  const found = typeof id === "string" ? await readJobWithCursor(q, t, id) : null;
  // Jobs are kept for 90 days.
  if (!found) return null;
  const { job } = found;
  const { page: _page, after: _after, ...counts } = (found.cursor ?? driftStart) as DriftPlace;
  return {
    job: job.id,
    by: job.actor.name,
    startedAt: job.createdAt,
    finishedAt: isJobOver(job) ? job.finishedAt : null,
    ...counts,
    same: job.done,
    waiting: job.skipped,
    rows: (await listJobDetails(q, t, job.id, "failed", maxShown)) as DriftRow[],
    error: job.state === "cancelled" ? "The comparison was cancelled before its end." : job.problem,
  };
}
