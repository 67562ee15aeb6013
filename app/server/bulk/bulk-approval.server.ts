import { needsApproval, whyBulkApproval } from "~/core/approvals/approvals";
import type { BulkParams, BulkSelection } from "~/core/bulk/bulk-act";
import { bulkProblem } from "~/core/bulk/bulk-problem";
import type { Job } from "~/core/jobs/job";
import type { Actor, Instant } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import type { RequestedAct, StoredRequest } from "~/core/requests/request";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { holdForApproval } from "~/server/approvals/keep-request.server";
import { catalogueIn, withRequest } from "~/server/changes/change.server";
import { createJob, type JobCreated, type JobToCreate } from "~/server/jobs/jobs.server";
import { sha256 } from "~/server/random.server";
import { requestGone, whyNotDecide, writeDecision } from "~/server/requests/decide.server";
import { findRequest } from "~/server/requests/inbox.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { readRequestKeys } from "~db/store/requests.server";
import { previewHooks } from "./bulk-impact.server";
import { whyNotBulk } from "./bulk-problem.server";
import { bulkSource } from "./bulk-source.server";

type BulkRequest = StoredRequest & { act: Extract<RequestedAct, { act: "bulk" }> };

export const isBulkRequest = (request: StoredRequest): request is BulkRequest => request.act.act === "bulk";

/** Refuses a bulk act that needs a second person, and keeps it as a request. The rules are those of the transaction. */
export async function approvalGate(services: Services, by: Actor, { params, keys, note }: Pick<JobToCreate, "params" | "keys" | "note">) {
  const { db, newId } = services;
  const bulk = params as BulkParams;
  const selection: BulkSelection = bulk.from.kind === "keys" ? { ...bulk.from, keys: keys ?? [] } : bulk.from;
  const { bulkTenants } = await readApprovals(db.readAside, db.tables);
  // Counting is slow, and needed only for this rule.
  const tenants = bulkTenants === null ? 0 : await bulkSource(services, selection).count();
  const actor = withRequest(services, by);
  const gate = async (tx: Queries, at: Instant): Promise<Refusal | null> => {
    const why = whyBulkApproval(bulk.act, tenants, await readApprovals(tx, db.tables));
    if (why === null) return null;
    const keysDigest = keys && sha256(JSON.stringify([...keys].sort()));
    const act: RequestedAct = { act: "bulk", params: bulk, tenants: tenants || (keys?.length ?? 0), keysDigest };
    const held = { act, note, reason: bulk.reason ?? null, keys };
    return holdForApproval({ tx, t: db.tables, at, newId, actor }, "", needsApproval(why, held));
  };
  return { gate };
}

/** The job that carries out a bulk request, or why nothing at all would be done. `reason` lets tenants pass guard rails. */
async function jobOfRequest(services: Services, { id, act, note }: BulkRequest, reason: string | null) {
  const { db, facts } = services;
  const asked = act.params;
  const keys = await readRequestKeys(db.readAside, db.tables, id);
  const selection: BulkSelection = asked.from.kind === "keys" ? { ...asked.from, keys: keys ?? [] } : asked.from;
  await facts.look();
  const problem = await whyNotBulk(services, asked.act, selection);
  if (problem) return problem;
  const params: BulkParams = { ...asked, isApproved: true, ...(reason ? { reason } : {}) };
  return { ok: true as const, params, job: { kind: "bulk" as const, keys, note } };
}

/** What an approval would do now, as a preview of the one who looks. `answer`: their note, which is a reason as well. */
export async function previewBulkRequest(
  services: Services,
  actor: Actor,
  request: BulkRequest,
  answer: string | null,
): Promise<JobCreated> {
  const found = await jobOfRequest(services, request, answer || request.act.params.reason || null);
  if (!found.ok) return found;
  const params: BulkParams = { ...found.params, request: request.id };
  const job = { ...found.job, params: params as Job["params"], isPreview: true };
  return createJob(services, actor, job, previewHooks(services, params.act));
}

/** Approves the request that a preview shows, with the reason of the preview. */
export async function grantPreviewedRequest(services: Services, actor: Actor, preview: BulkParams): Promise<JobCreated> {
  const request = preview.request === undefined ? null : await findRequest(services, preview.request);
  if (!request || !isBulkRequest(request)) return requestGone;
  const reason = preview.reason ?? null;
  return grantBulkRequest(services, actor, request, reason === (request.act.params.reason ?? null) ? null : reason);
}

/** Queues the bulk act as its approver's, and marks the request in the same transaction. */
export async function grantBulkRequest(services: Services, actor: Actor, request: BulkRequest, answer: string | null): Promise<JobCreated> {
  const { db } = services;
  const found = await jobOfRequest(services, request, answer || request.act.params.reason || null);
  if (!found.ok) return found;
  const job = { ...found.job, id: `${request.id}j`, params: found.params as Job["params"], isPreview: false };
  return createJob(services, actor, job, {
    gate: async (tx, at) =>
      (await whyNotDecide(tx, db.tables, request.id, actor, at)) ?? bulkProblem(request.act.params.act, await catalogueIn(services, tx)),
    onCreated: (tx, at) => writeDecision(tx, services, request, actor, { state: "granted", answer }, at),
  });
}
