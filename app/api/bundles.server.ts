import type { FastifyInstance } from "fastify";
import { grantBundle } from "~/core/grants/bundles";
import { withPlanAfter } from "~/core/grants/plan-after";
import { refuse } from "~/core/outcome";
import { withinRails } from "~/core/rails/within-rails";
import { day } from "~/core/time";
import { tenantParams } from "~/forms/api-queries";
import { bundleBody } from "~/forms/grants/grant";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { aboutIfMatch, changedGrantsAnswer, describedGrants, planAfterProblems } from "./grants-changed.server";
import { conditionProblem } from "./http/conditions";
import { addWrite } from "./http/route.server";
import { noTenant } from "./tenants.server";

export async function bundlesApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/tenants/{key}/bundles",
    {
      id: "grantBundle",
      tag: "Grants",
      summary: "Grant all that a plan gives as one trial",
      detail: `A trial per feature that the tenant does not have already; \`skipped\` names the others. Extending, ending or converting one of them does so to all, and \`whenItEnds\` follows their end. ${aboutIfMatch}`,
      act: ["trials.grant"],
      params: tenantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: bundleBody,
      bodyExample: { plan: "premium", days: 14, whenItEnds: { plan: "premium" }, note: "Asked for by phone" },
      answers: describedGrants(201),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["tenant_not_found"],
        409: ["schedule_full", "needs_approval", "requests_full", "idempotency_key_in_use"],
        412: ["stale"],
        422: [
          "plan_not_found",
          "plan_archived",
          "plan_kind",
          "schedule_unchanged",
          "plan_unsuitable",
          "tenant_archived",
          "ends_in_past",
          "ends_before_start",
          "guard_rail",
          "idempotency_key_reused",
        ],
      },
      problemExamples: {
        ...planAfterProblems,
        plan_unsuitable: {
          detail: "Acme has all that Premium gives already, by its plan or on trial. Choose another plan.",
          field: "plan",
        },
      },
    },
    ({ services, params: { key }, body, actor, conditions }) =>
      changeTenant(
        services,
        key,
        actor,
        (facts, catalogue, stamp, bounds) => {
          if (!facts) return refuse("tenant_not_found", noTenant(key).problem.detail, "key");
          const { days, endsAt, reason, whenItEnds, ...form } = body;
          const end = endsAt ?? (form.startsAt ?? stamp.now) + (days as number) * day;
          const stale = conditionProblem(`tenant ${facts.key}`, facts.revision, conditions);
          const granted = grantBundle(facts, { ...form, endsAt: end }, catalogue, stamp);
          return stale ?? withinRails(withPlanAfter(granted, facts, whenItEnds?.plan, catalogue, stamp), bounds, reason, catalogue);
        },
        { isBound: true },
      ),
    changedGrantsAnswer(201),
  );
}
