import type { FastifyInstance } from "fastify";
import { convertTrial } from "~/core/grants/convert-trial";
import { grantParams } from "~/forms/api-queries";
import { convertGrantBody } from "~/forms/grants/grant";
import { changeTenantOfGrant } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { aboutIfMatch, changedGrantsAnswer, describedGrants } from "./grants-changed.server";
import { conditionProblem } from "./http/conditions";
import { addWrite } from "./http/route.server";

export async function grantConversionApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/grants/{id}/convert",
    {
      id: "convertGrant",
      tag: "Grants",
      summary: "End a trial and give the tenant a plan that includes its feature",
      detail: `One change: it is one entry of the audit log, and undone as one. ${aboutIfMatch}`,
      act: ["tenants.change"],
      params: grantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: convertGrantBody,
      bodyIsOptional: true,
      bodyExample: { plan: "premium", note: "Signed" },
      answers: describedGrants(200),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["grant_not_found"],
        409: ["grant_over", "idempotency_key_in_use"],
        412: ["stale"],
        422: [
          "plan_unsuitable",
          "plan_not_found",
          "plan_kind",
          "plan_archived",
          "value_invalid",
          "tenant_archived",
          "idempotency_key_reused",
        ],
      },
      problemExamples: { value_invalid: { detail: "Only a trial converts to a plan. End the override, and change the plan." } },
    },
    ({ services, params: { id }, body, actor, conditions }) =>
      changeTenantOfGrant(
        services,
        id,
        actor,
        (facts, stamp, _bounds, catalogue) =>
          conditionProblem(`tenant ${facts.key}`, facts.revision, conditions) ??
          convertTrial(facts, { ...body, grant: id }, catalogue, stamp),
      ),
    changedGrantsAnswer(200),
  );
}
