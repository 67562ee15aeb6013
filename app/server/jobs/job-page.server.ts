import { setTimeout as wait } from "node:timers/promises";
import type { CsvParams } from "~/core/import/csv-params";
import { describeJob, isReasonUseful, rightOfJob, undoOfJob } from "~/core/jobs/describe-job";
import { isJobOver, type Job, type JobItemState } from "~/core/jobs/job";
import { mayAct, type Role } from "~/core/permissions";
import { mayPassRails } from "~/server/rails/rail-facts.server";
import type { Services } from "~/server/services.server";
import { readImpactCounts } from "~db/store/impacts.server";
import type { JobPlace } from "~db/store/jobs.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { findJob, jobItemsAfter, jobsAfter } from "./job-reads.server";

const itemsPerPage = 50;
const jobsPerPage = 30;
/** A small preview is there before its page is shown. In ms. */
const maxWaitMs = 1_000;
const pollMs = 40;

/** What a page says of a job. */
export function jobView({ facts }: Pick<Services, "facts">, job: Job) {
  const { id, kind, isPreview, note, state, total, done, skipped, failed, created, cancelRequested, createdAt, finishedAt, problem } = job;
  const summary = describeJob(job, facts.catalogue());
  const upload = kind === "tenant_csv" ? (job.params as CsvParams).upload : null;
  const undoes = undoOfJob(job)?.seq ?? null;
  const counts = { total, done, skipped, failed, created, processed: done + skipped + failed };
  const shown = { id, kind, isPreview, note, state, ...counts, cancelRequested, createdAt, finishedAt, problem };
  return { ...shown, summary, upload, undoes, by: job.actor.name };
}
export type JobView = ReturnType<typeof jobView>;

export async function jobList(services: Services, after: JobPlace | undefined) {
  const { jobs, next } = await jobsAfter(services, { after, size: jobsPerPage });
  return { jobs: jobs.map((job) => jobView(services, job)), next: next && { createdAt: next.createdAt, id: next.id } };
}

/**
 * One page of a job's results, with the names of its tenants. `impact`: of a preview that changes plans, tenants by what
 * becomes of their features. Null if there is no such job.
 */
export async function readJobPage(services: Services, role: Role, id: string, query: { state?: JobItemState; after?: number }) {
  const job = await findJob(services, id);
  if (!job) return null;
  const { items, next } = await jobItemsAfter(services, id, { ...query, size: itemsPerPage });
  const { readAside, tables } = services.db;
  const tenants = await readTenantsByKey(
    readAside,
    tables,
    items.map(({ subject }) => subject),
  );
  const rows = items.map((item) => ({ ...item, name: tenants.get(item.subject)?.name ?? null }));
  const right = rightOfJob(job);
  const canChange = mayAct(role, right);
  const isSkipping = job.isPreview && job.state === "done" && job.skipped > 0;
  const canGiveReason = canChange && isSkipping && isReasonUseful(job) && (await mayPassRails(services, role));
  const impact = job.kind === "bulk" && job.isPreview ? await readImpactCounts(readAside, tables, id) : null;
  return { job: jobView(services, job), rows, next, impact, right, canChange, canGiveReason, now: services.now() };
}

/** Resolves when the job is over, or after a second. */
export async function settleSoon(services: Services, id: string): Promise<void> {
  for (const began = performance.now(); performance.now() - began < maxWaitMs; ) {
    const job = await findJob(services, id);
    if (!job || isJobOver(job)) return;
    await wait(pollMs);
  }
}
