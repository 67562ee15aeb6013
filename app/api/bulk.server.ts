import type { FastifyInstance } from "fastify";
import { rightOfBulk } from "~/core/bulk/bulk-act";
import { bulkActOf, bulkBody, bulkSelectionOf } from "~/forms/bulk/bulk-body";
import { byRightOf } from "~/server/authority.server";
import { createBulk } from "~/server/bulk/bulk.server";
import type { Services } from "~/server/services.server";
import { refusalProblem } from "./http/answered.server";
import { addWrite } from "./http/route.server";
import { jobOnWire } from "./jobs.server";
import * as answers from "./openapi/job-answers";

export async function bulkApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/bulk",
    {
      id: "startBulk",
      tag: "Jobs",
      summary: "Do one thing to many tenants, in the background",
      detail:
        "The answer is the job, which is queued. GET /api/jobs/{id} says how far it is, GET /api/jobs/{id}/items what became of each tenant: done, skipped with the reason, or failed. With `dryRun` nothing is changed, and the items say what would be.",
      act: ["trials.grant", "trials.extend", "trials.end", "tenants.change", "posthog.change"],
      headers: ["Idempotency-Key"],
      body: bulkBody,
      // 5,000 keys of tenants.
      bodyLimits: { maxBytes: 1024 * 1024, maxValues: 5_500 },
      bodyExample: { act: "grant_trial", features: [{ feature: "sso" }], days: 14, tenants: { filter: { plan: "starter" } }, dryRun: true },
      answers: { 202: { what: "The job.", schema: answers.jobAnswer, example: answers.jobQueued, headers: ["Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["too_many_jobs", "needs_approval", "requests_full", "idempotency_key_in_use"],
        422: [
          "plan_not_found",
          "plan_kind",
          "plan_archived",
          "feature_not_found",
          "feature_archived",
          "value_invalid",
          "idempotency_key_reused",
        ],
      },
      problemExamples: {
        plan_not_found: { detail: "There is no plan gold. Choose one that the catalogue has.", field: "plan" },
        plan_kind: { detail: "Boost is an add-on, not a plan.", field: "plan" },
        plan_archived: { detail: "Premium is archived and cannot be newly given.", field: "plan" },
        feature_not_found: { detail: "There is no feature export. Choose one that the catalogue has.", field: "features" },
        feature_archived: { detail: "Export is archived. Restore it first.", field: "features" },
        needs_approval: {
          detail: "A change of more than 100 tenants needs a second person. It waits as the request rq_5xQ0sM21RW1pjgTWQWxE.",
        },
        requests_full: { detail: "50 requests for many tenants or API keys wait already. Grant or refuse some of them first." },
        value_invalid: { detail: "There is no job job_none.", field: "tenants" },
      },
    },
    ({ services, key, body, actor }) => {
      const act = bulkActOf(body);
      const authority = { kind: "key", id: key.id, acts: [rightOfBulk(act.act)], tenant: key.tenant } as const;
      const by = byRightOf(services, authority);
      const { note = null, reason, dryRun } = body;
      return createBulk(by, actor, { act, selection: bulkSelectionOf(body), note, reason, isPreview: dryRun });
    },
    (result) => (result.ok ? { status: 202, body: jobOnWire(services, result.job) } : refusalProblem(result)),
  );
}
