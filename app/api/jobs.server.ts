import type { FastifyInstance } from "fastify";
import { actOfJob, describeJob } from "~/core/jobs/describe-job";
import type { Job } from "~/core/jobs/job";
import { isoOrNull, isoTime } from "~/core/time";
import { jobItemsQuery, jobParams, jobsQuery } from "~/forms/jobs/job-queries";
import { cursorOf } from "~/forms/pagination";
import { findJob, jobItemsAfter, jobsAfter } from "~/server/jobs/job-reads.server";
import { cancelOneJob } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { refusalProblem } from "./http/answered.server";
import { addRead, addWrite } from "./http/route.server";
import * as answers from "./openapi/job-answers";

export function jobOnWire({ facts }: Pick<Services, "facts">, job: Job) {
  return {
    id: job.id,
    kind: job.kind,
    act: actOfJob(job)?.act ?? null,
    summary: describeJob(job, facts.catalogue()),
    dryRun: job.isPreview,
    state: job.state,
    problem: job.problem,
    cancelRequested: job.cancelRequested,
    total: job.total,
    done: job.done,
    skipped: job.skipped,
    failed: job.failed,
    created: job.created,
    note: job.note,
    createdBy: job.actor.name,
    createdAt: isoTime(job.createdAt),
    startedAt: isoOrNull(job.startedAt),
    finishedAt: isoOrNull(job.finishedAt),
  };
}

const noJob = (id: string) => ({ problem: { status: 404, code: "job_not_found", detail: `There is no job ${id}.`, field: "id" } });

/** Long work in the background. */
export async function jobsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/jobs",
    {
      id: "listJobs",
      tag: "Jobs",
      summary: "Jobs, the newest first",
      detail: "Without previews, which are kept for a day. Other jobs are kept for 90 days.",
      act: "read",
      query: jobsQuery,
      answers: { 200: { what: "A page of jobs.", schema: answers.jobPage, example: { items: [answers.jobDone], next: null } } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { cursor, limit } }) => {
      const after = cursor && { createdAt: cursor[0], id: cursor[1] };
      const { jobs, next } = await jobsAfter(services, { after, size: limit });
      return { status: 200, body: { items: jobs.map((job) => jobOnWire(services, job)), next: next && cursorOf(next.createdAt, next.id) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/jobs/{id}",
    {
      id: "getJob",
      tag: "Jobs",
      summary: "How far a job is",
      act: "read",
      params: jobParams,
      answers: { 200: { what: "The job.", schema: answers.jobAnswer, example: answers.jobDone } },
      problems: { 400: ["invalid_request"], 404: ["job_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id } }) => {
      const job = await findJob(services, id);
      return job ? { status: 200, body: jobOnWire(services, job) } : noJob(id);
    },
  );

  addRead(
    app,
    services,
    "GET /api/jobs/{id}/items",
    {
      id: "listJobItems",
      tag: "Jobs",
      summary: "What became of each tenant of a job",
      detail: "In the order in which they were done, also while the job runs.",
      act: "read",
      params: jobParams,
      query: jobItemsQuery,
      answers: { 200: { what: "A page of results.", schema: answers.jobItemPage, example: answers.jobItemsExample } },
      problems: { 400: ["invalid_request"], 404: ["job_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id }, query: { state, cursor, limit } }) => {
      if (!(await findJob(services, id))) return noJob(id);
      const { items, next } = await jobItemsAfter(services, id, { state, after: cursor?.[0], size: limit });
      return { status: 200, body: { items, next: next === null ? null : cursorOf(next) } };
    },
  );

  addWrite(
    app,
    services,
    "POST /api/jobs/{id}/cancel",
    {
      id: "cancelJob",
      tag: "Jobs",
      summary: "Cancel a job",
      detail: "One that waits ends at once, a running one after the tenants that it is changing. What is done stays done.",
      act: ["trials.grant", "trials.extend", "trials.end", "tenants.change", "posthog.change", "data.import"],
      params: jobParams,
      headers: ["Idempotency-Key"],
      answers: {
        200: {
          what: "The job.",
          schema: answers.jobAnswer,
          example: { ...answers.jobQueued, state: "cancelled", cancelRequested: true },
          headers: ["Idempotency-Replayed"],
        },
      },
      problems: {
        400: ["invalid_request"],
        404: ["job_not_found"],
        409: ["job_over", "idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ services, actor, params: { id } }) => cancelOneJob(services, actor, id),
    (result, { params: { id } }) => {
      if (result === null) return noJob(id);
      return result.ok ? { status: 200, body: jobOnWire(services, result.job) } : refusalProblem(result);
    },
  );
}
