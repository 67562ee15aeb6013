import type { BulkAct, BulkParams, BulkSelection } from "~/core/bulk/bulk-act";
import { actOfJob, actOfRetry } from "~/core/jobs/describe-job";
import type { Job } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import { refuse } from "~/core/outcome";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { readJobKeys } from "~db/store/jobs.server";
import { approvalGate } from "./bulk-approval.server";
import { previewHooks } from "./bulk-impact.server";
import { selectionProblem, whyNotBulk } from "./bulk-problem.server";

/** `reason`: why guard rails may be passed. */
export type BulkToCreate = { act: BulkAct; selection: BulkSelection; note: string | null; reason?: string | null; isPreview: boolean };

/** Queues a bulk act, or its preview. */
export async function createBulk(services: Services, actor: Actor, bulk: BulkToCreate): Promise<JobCreated> {
  await services.facts.look();
  const problem = await whyNotBulk(services, bulk.act, bulk.selection);
  if (problem) return problem;
  const { act, selection, note, isPreview } = bulk;
  const isNamed = selection.kind === "keys";
  const reason = bulk.reason?.trim();
  const params: BulkParams = { act, from: isNamed ? { kind: "keys" } : selection, ...(reason ? { reason } : {}) };
  const keys = isNamed ? [...new Set(selection.keys)] : null;
  // JSON cannot hold undefined, so parts with that value are left out.
  const job = { kind: "bulk" as const, params: JSON.parse(JSON.stringify(params)), keys, isPreview, note };
  return createJob(services, actor, job, isPreview ? previewHooks(services, act) : await approvalGate(services, actor, job));
}

/** Does what a preview shows, once. */
export async function runPreview(services: Services, actor: Actor, preview: Job): Promise<JobCreated> {
  const { kind, params, note } = preview;
  if (!actOfJob(preview) && preview.kind !== "undo")
    return refuse("value_invalid", "This preview is not of a change of tenants, so there is nothing to run.");
  const keys = await readJobKeys(services.db.readAside, services.db.tables, preview.id);
  const job = { id: `${preview.id}r`, kind, params, keys, isPreview: false, note };
  // An undo gives back what was, which needs no second person.
  return createJob(services, actor, job, kind === "undo" ? {} : await approvalGate(services, actor, job));
}

/** The same preview with a reason, which lets tenants pass guard rails. */
export async function previewWithReason(services: Services, actor: Actor, preview: Job, reason: string): Promise<JobCreated> {
  const { kind, note } = preview;
  const keys = await readJobKeys(services.db.readAside, services.db.tables, preview.id);
  const params: BulkParams = { ...(preview.params as BulkParams), reason };
  return createJob(services, actor, { kind, params, keys, isPreview: true, note }, previewHooks(services, params.act));
}

/** Tries the failed or skipped tenants of a job once more, in a new job with results of its own. */
export async function runAgain(services: Services, actor: Actor, job: Job, state: "failed" | "skipped"): Promise<JobCreated> {
  const { id, note } = job;
  const act = actOfRetry(job);
  if (!act) return refuse("value_invalid", "This version of Latchkey does not know what that job does.");
  const from = { kind: "job", job: id, state } as const;
  const { reason } = job.params as BulkParams;
  const again: BulkParams = { act, from, ...(reason === undefined ? {} : { reason }) };
  const problem = await selectionProblem(services, from);
  if (problem) return problem;
  const repeated = { id: `${id}${state[0]}`, kind: "bulk" as const, params: again, keys: null, isPreview: false, note };
  return createJob(services, actor, repeated, await approvalGate(services, actor, repeated));
}
