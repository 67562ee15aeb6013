import type { FastifyInstance } from "fastify";
import { catalogueEditOf, impactBody, impactParams, impactTenantsQuery } from "~/forms/catalogue/impact-body";
import { cursorOf } from "~/forms/pagination";
import { impactTenantsAfter, readImpact, startImpact } from "~/server/catalogue/impact-page.server";
import type { Services } from "~/server/services.server";
import { refusalProblem } from "./http/answered.server";
import { addRead, addWrite } from "./http/route.server";
import { jobOnWire } from "./jobs.server";
import * as answers from "./openapi/impact-answers";
import { jobAnswer } from "./openapi/job-answers";

type Found = NonNullable<Awaited<ReturnType<typeof readImpact>>>;

function impactOnWire(services: Pick<Services, "facts">, { job, counts }: Found) {
  const { id, summary, state, problem, total, createdBy, createdAt } = jobOnWire(services, job);
  return { id, summary, state, problem, total, createdBy, createdAt, looked: job.done + job.skipped + job.failed, ...counts };
}

const noImpact = (id: string) => ({
  problem: { status: 404, code: "job_not_found", detail: `There is no job ${id}.`, field: "id" },
});

/** What a change of the catalogue would do to each tenant. */
export async function impactsApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/impacts",
    {
      id: "startImpact",
      tag: "Jobs",
      summary: "Find what a change of the catalogue would do to each tenant, in the background",
      detail:
        "Nothing is changed. GET /api/impacts/{id} says how many tenants gain, lose or get another value, GET /api/impacts/{id}/tenants names them. POST /api/jobs/{id}/cancel ends it. The same change again within five minutes gives the same impact. A dry run of POST /api/bulk that changes plans or add-ons has an impact with the id of its job.",
      act: "catalogue.change",
      headers: ["Idempotency-Key"],
      body: impactBody,
      // 500 cells with values of some length.
      bodyLimits: { maxBytes: 1024 * 1024, maxValues: 10_000 },
      bodyExample: { cells: [{ plan: "premium", feature: "sso", value: null }] },
      answers: {
        202: {
          what: "The job that finds it.",
          schema: jobAnswer,
          example: answers.impactQueued,
          headers: ["Idempotency-Replayed"],
        },
      },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["too_many_jobs", "idempotency_key_in_use"],
        422: ["plan_not_found", "feature_not_found", "feature_archived", "value_invalid", "idempotency_key_reused"],
      },
      problemExamples: {
        plan_not_found: { detail: "There is no plan gold. It may have been deleted.", field: "plan" },
        feature_not_found: { detail: "There is no feature export. Choose one that the catalogue has.", field: "feature" },
        feature_archived: { detail: "Export is archived. Restore it before you put it in a plan.", field: "feature" },
        value_invalid: {
          detail: "Single sign-on in Premium is a boolean feature: its value is true, not 5. Give true, or leave it out.",
          field: "value",
        },
      },
    },
    ({ services, actor, body }) => startImpact(services, actor, catalogueEditOf(body)),
    (result) => (result.ok ? { status: 202, body: jobOnWire(services, result.job) } : refusalProblem(result)),
  );

  addRead(
    app,
    services,
    "GET /api/impacts/{id}",
    {
      id: "getImpact",
      tag: "Jobs",
      summary: "How many tenants a change would affect",
      detail: "Numbers grow until `state` is done. An impact is kept for a day.",
      act: "read",
      params: impactParams,
      answers: { 200: { what: "The impact.", schema: answers.impactAnswer, example: answers.impactExample } },
      problems: { 400: ["invalid_request"], 404: ["job_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id } }) => {
      const found = await readImpact(services, id);
      return found ? { status: 200, body: impactOnWire(services, found) } : noImpact(id);
    },
  );

  addRead(
    app,
    services,
    "GET /api/impacts/{id}/tenants",
    {
      id: "listImpactTenants",
      tag: "Jobs",
      summary: "The tenants that a change would affect",
      detail: "Those with the most checks in 30 days first, also while the impact is found.",
      act: "read",
      params: impactParams,
      query: impactTenantsQuery,
      answers: { 200: { what: "A page of tenants.", schema: answers.impactTenantPage, example: answers.impactTenantsExample } },
      problems: { 400: ["invalid_request"], 404: ["job_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id }, query: { effect, cursor, limit } }) => {
      if (!(await readImpact(services, id))) return noImpact(id);
      const after = cursor && { checks: cursor[0], tenant: cursor[1] };
      const { items, next } = await impactTenantsAfter(services, id, { effect, after, size: limit });
      return { status: 200, body: { items, next: next && cursorOf(next.checks, next.tenant) } };
    },
  );
}
