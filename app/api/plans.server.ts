import type { FastifyInstance } from "fastify";
import { byRank } from "~/core/catalogue/catalogue-changes";
import { archivePlan, deletePlan, restorePlan } from "~/core/catalogue/plan-changes";
import { putPlan } from "~/core/catalogue/put-catalogue";
import type { CatalogueFacts } from "~/core/model";
import { planBody, whyBody } from "~/forms/api-bodies";
import { planParams, plansQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { catalogueNow, planHolders } from "~/server/catalogue/catalogue-pages.server";
import { type CatalogueChanged, changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { conditionProblem } from "./http/conditions";
import { addRead, addWrite } from "./http/route.server";
import { planOnWire } from "./http/wire";
import * as answers from "./openapi/answers";
import { publicationWaits } from "./openapi/problem-examples";

const find = ({ plans }: CatalogueFacts, key: string) => plans.find((p) => p.key === key);
const revisionOf = (facts: CatalogueFacts, key: string) => find(facts, key)?.revision ?? null;
const answer = { what: "The plan as it is now.", schema: answers.plan, headers: ["ETag", "Idempotency-Replayed"] as const };
const noPlan = (key: string) => ({
  problem: { status: 404, code: "plan_not_found", detail: `There is no plan ${key}. Create it with PUT /api/plans/{plan}.`, field: "plan" },
});
const tooManyPlans = {
  catalogue_too_large: {
    detail: "The catalogue would have 1,001 plans and add-ons in use. A catalogue can have 1,000. Archive plans first.",
  },
};
const goneExample = { plan_not_found: { detail: "There is no plan gold. It may have been deleted.", field: "plan" } };

/** Missing in the path is 404, missing in the body is 422. */
function afterwards(
  key: string,
  result: CatalogueChanged,
  status: (result: CatalogueChanged & { ok: true }) => number = () => 200,
): Answered {
  if (!result.ok) return refusalProblem(result, ...(result.field === "plan" ? ["plan_not_found"] : []));
  const plan = find(result.facts, key);
  return plan ? { status: status(result), body: planOnWire(plan) } : { status: 204 };
}

export async function plansApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/plans",
    {
      id: "listPlans",
      tag: "Plans",
      summary: "Plans and add-ons, cheapest first",
      act: "read",
      query: plansQuery,
      answers: { 200: { what: "A page of plans.", schema: answers.planPage } },
      problems: { 400: ["invalid_request"] },
    },
    async ({ query: { kind, archived, cursor, limit } }) => {
      const { facts } = await catalogueNow(services);
      const isAfter = (p: (typeof facts.plans)[number]) => !cursor || p.rank > cursor[0] || (p.rank === cursor[0] && p.key > cursor[1]);
      const found = facts.plans
        .filter((p) => (kind ? p.kind === kind : true) && (archived === undefined || archived === (p.archivedAt !== null)) && isAfter(p))
        .sort(byRank);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { status: 200, body: { items: page.map(planOnWire), next: last ? cursorOf(last.rank, last.key) : null } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/plans/{plan}",
    {
      id: "getPlan",
      tag: "Plans",
      summary: "One plan or add-on with its own entries",
      act: "read",
      params: planParams,
      headers: ["If-None-Match"],
      answers: { 200: { what: "The plan.", schema: answers.plan, headers: ["ETag"] }, 304: { what: "It is as the ETag says." } },
      problems: { 400: ["invalid_request"], 404: ["plan_not_found"] },
      problemExamples: { plan_not_found: noPlan("gold").problem },
    },
    async ({ params: { plan: key } }) => {
      const plan = find((await catalogueNow(services)).facts, key);
      return plan ? { status: 200, body: planOnWire(plan) } : noPlan(key);
    },
  );

  addWrite(
    app,
    services,
    "PUT /api/plans/{plan}",
    {
      id: "putPlan",
      tag: "Plans",
      summary: "Create a plan or add-on, or change it, its entries included",
      detail: "What is left out stays as it is; null clears. `features` replaces all entries of the plan's own.",
      act: "catalogue.change",
      params: planParams,
      headers: ["If-Match", "If-None-Match", "Idempotency-Key"],
      body: planBody,
      // 5,000 features with their values.
      bodyLimits: { maxBytes: 1024 * 1024, maxValues: 20_000 },
      bodyExample: { name: "Premium", includes: "starter", features: { sso: true, api_calls: 10000 } },
      answers: { 200: answer, 201: { ...answer, what: "The plan, which is new." } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["needs_approval", "idempotency_key_in_use"],
        412: ["stale"],
        422: [
          "plan_not_found",
          "plan_kind",
          "plan_archived",
          "include_cycle",
          "feature_not_found",
          "feature_archived",
          "value_invalid",
          "catalogue_too_large",
          "idempotency_key_reused",
        ],
      },
      problemExamples: {
        plan_not_found: { detail: "There is no plan gold. Choose one that the catalogue has.", field: "includes" },
        plan_kind: { detail: "A plan can include only a plan, and an add-on only an add-on.", field: "includes" },
        plan_archived: { detail: "Starter is archived and cannot be newly included. Choose another plan.", field: "includes" },
        feature_not_found: { detail: "There is no feature export. Choose one that the catalogue has.", field: "features" },
        feature_archived: { detail: "Single sign-on is archived. Restore it before you put it in a plan.", field: "features" },
        value_invalid: {
          detail: "Single sign-on in Premium is a boolean feature: its value is true, not 5. Give true, or leave it out.",
          field: "features",
        },
        ...tooManyPlans,
        needs_approval: publicationWaits,
      },
    },
    ({ services, params: { plan: key }, body, actor, conditions }) =>
      changeCatalogue(
        services,
        actor,
        (facts, stamp) => conditionProblem(`plan ${key}`, revisionOf(facts, key), conditions) ?? putPlan(facts, key, body, stamp),
      ),
    (result, { params }) => afterwards(params.plan, result, ({ change }) => (change?.action === "plan.created" ? 201 : 200)),
  );

  const acts = {
    archive: { act: archivePlan, summary: "Archive a plan: who has it keeps it, and it cannot be newly given" },
    restore: { act: restorePlan, summary: "Restore an archived plan" },
  };
  for (const [name, { act, summary }] of Object.entries(acts)) {
    addWrite(
      app,
      services,
      `POST /api/plans/{plan}/${name}`,
      {
        id: `${name}Plan`,
        tag: "Plans",
        summary,
        act: "catalogue.change",
        params: planParams,
        headers: ["If-Match", "Idempotency-Key"],
        body: whyBody,
        bodyIsOptional: true,
        bodyExample: { why: "No longer sold" },
        answers: { 200: answer },
        problems: {
          400: ["invalid_request", "invalid_json"],
          404: ["plan_not_found"],
          409: ["idempotency_key_in_use"],
          412: ["stale"],
          422: name === "restore" ? ["catalogue_too_large", "idempotency_key_reused"] : ["idempotency_key_reused"],
        },
        problemExamples: name === "restore" ? { ...goneExample, ...tooManyPlans } : goneExample,
      },
      ({ services, params: { plan: key }, body, actor, conditions }) =>
        changeCatalogue(
          services,
          actor,
          (facts, stamp) => conditionProblem(`plan ${key}`, revisionOf(facts, key), conditions) ?? act(facts, key, stamp, body.why),
        ),
      (result, { params }) => afterwards(params.plan, result),
    );
  }

  addWrite(
    app,
    services,
    "DELETE /api/plans/{plan}",
    {
      id: "deletePlan",
      tag: "Plans",
      summary: "Delete a plan that no tenant has and no plan includes",
      act: "catalogue.change",
      params: planParams,
      headers: ["If-Match", "Idempotency-Key"],
      answers: { 204: { what: "It is gone.", headers: ["Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request"],
        404: ["plan_not_found"],
        409: ["plan_in_use", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["idempotency_key_reused"],
      },
      problemExamples: goneExample,
    },
    ({ services, params: { plan: key }, actor, conditions }) =>
      changeCatalogue(
        services,
        actor,
        async (facts, stamp, tx) =>
          conditionProblem(`plan ${key}`, revisionOf(facts, key), conditions) ??
          deletePlan(facts, key, await planHolders(services, tx, key), stamp),
      ),
    (result, { params }) => afterwards(params.plan, result),
  );
}
