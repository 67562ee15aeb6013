import { needsApproval, whyBulkApproval } from "~/core/approvals/approvals";
import type { BulkParams, BulkSelection } from "~/core/bulk/bulk-act";
import type { Job } from "~/core/jobs/job";
import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { RequestedAct, StoredRequest } from "~/core/requests/request";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { holdForApproval } from "~/server/approvals/keep-request.server";
import { withRequest } from "~/server/change.server";
import { createJob, type JobCreated, type JobToCreate } from "~/server/jobs/jobs.server";
import { whyNotDecide, writeDecision } from "~/server/requests/decide.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
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
    const act: RequestedAct = { act: "bulk", params: bulk, keys, tenants: tenants || (keys?.length ?? 0) };
    return holdForApproval({ tx, t: db.tables, at, newId, actor }, "", needsApproval(why, act, bulk.reason ?? note));
  };
  return { gate };
}

/** What an approval would do now, as a preview of the one who looks. */
export function previewBulkRequest(services: Services, actor: Actor, { id, act, note }: BulkRequest): Promise<JobCreated> {
  const params: BulkParams = { ...act.params, isApproved: true, request: id };
  return createJob(services, actor, { kind: "bulk", params: params as Job["params"], keys: act.keys, isPreview: true, note });
}

/** Queues the bulk act as its approver's, and marks the request in the same transaction. */
export async function grantBulkRequest(
  services: Services,
  actor: Actor,
  request: StoredRequest,
  answer: string | null,
): Promise<JobCreated> {
  if (!isBulkRequest(request)) return refuse("value_invalid", "This request is about one tenant.");
  const { db } = services;
  const { params: asked, keys } = request.act;
  const reason = answer || asked.reason;
  const params: BulkParams = { ...asked, isApproved: true, ...(reason ? { reason } : {}) };
  const job = { id: `${request.id}j`, kind: "bulk" as const, params: params as Job["params"], keys, isPreview: false, note: request.note };
  return createJob(services, actor, job, {
    gate: (tx, at) => whyNotDecide(tx, db.tables, request.id, actor, at),
    onCreated: (tx, at) => writeDecision(tx, services, request, actor, { state: "granted", answer }, at),
  });
}
