import type { FastifyInstance } from "fastify";
import { archiveFeature, restoreFeature } from "~/core/catalogue/feature-changes";
import { putFeature } from "~/core/catalogue/put-catalogue";
import type { CatalogueFacts } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { featureBody, whyBody } from "~/forms/api-bodies";
import { featureParams, featuresQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import { linkProblem } from "~/server/catalogue/feature-flags.server";
import { type CatalogueChanged, changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { conditionProblem } from "./http/conditions";
import { addRead, addWrite } from "./http/route.server";
import { featureOnWire } from "./http/wire";
import * as answers from "./openapi/answers";
import { publicationWaits } from "./openapi/problem-examples";

const find = ({ features }: CatalogueFacts, key: string) => features.find((f) => f.key === key);
const revisionOf = (facts: CatalogueFacts, key: string) => find(facts, key)?.revision ?? null;
const answer = { what: "The feature as it is now.", schema: answers.feature, headers: ["ETag", "Idempotency-Replayed"] as const };
const noFeature = (key: string) => ({
  problem: {
    status: 404,
    code: "feature_not_found",
    detail: `There is no feature ${key}. Create it with PUT /api/features/{feature}.`,
    field: "feature",
  },
});

function afterwards(key: string, result: CatalogueChanged): Answered {
  if (!result.ok) return refusalProblem(result, "feature_not_found");
  const feature = find(result.facts, key);
  if (!feature) return noFeature(key);
  return { status: result.change?.action === "feature.created" ? 201 : 200, body: featureOnWire(feature) };
}

export async function featuresApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/features",
    {
      id: "listFeatures",
      tag: "Features",
      summary: "Features in order of their keys",
      act: "read",
      query: featuresQuery,
      answers: { 200: { what: "A page of features.", schema: answers.featurePage } },
      problems: { 400: ["invalid_request"] },
    },
    async ({ query: { search, group, type, archived, cursor, limit } }) => {
      const { facts } = await catalogueNow(services);
      const text = foldText(search ?? "").trim();
      const found = facts.features.filter(
        (f) =>
          (text === "" || foldText(`${f.name}\n${f.key}`).includes(text)) &&
          (group === undefined || f.group === group) &&
          (type === undefined || f.type === type) &&
          (archived === undefined || archived === (f.archivedAt !== null)) &&
          (!cursor || f.key > cursor[0]),
      );
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return { status: 200, body: { items: page.map(featureOnWire), next: last ? cursorOf(last.key) : null } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/features/{feature}",
    {
      id: "getFeature",
      tag: "Features",
      summary: "One feature",
      act: "read",
      params: featureParams,
      headers: ["If-None-Match"],
      answers: { 200: { what: "The feature.", schema: answers.feature, headers: ["ETag"] }, 304: { what: "Not modified." } },
      problems: { 400: ["invalid_request"], 404: ["feature_not_found"] },
      problemExamples: { feature_not_found: noFeature("export").problem },
    },
    async ({ params: { feature: key } }) => {
      const feature = find((await catalogueNow(services)).facts, key);
      return feature ? { status: 200, body: featureOnWire(feature) } : noFeature(key);
    },
  );

  addWrite(
    app,
    services,
    "PUT /api/features/{feature}",
    {
      id: "putFeature",
      tag: "Features",
      summary: "Create a feature or change it",
      detail: "What is left out stays as it is; null clears. The type stays what it is, since plans and grants hold values of it.",
      act: "catalogue.change",
      params: featureParams,
      headers: ["If-Match", "If-None-Match", "Idempotency-Key"],
      body: featureBody,
      // 1,000 options.
      bodyLimits: { maxBytes: 1024 * 1024, maxValues: 1_200 },
      bodyExample: { name: "API calls", type: "metered", meter: { resetPeriod: "month", soft: false, unit: "calls" } },
      answers: { 200: answer, 201: { ...answer, what: "The feature, which is new." } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["period_changes_full", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["feature_type", "value_invalid", "catalogue_too_large", "flag_not_found", "flag_group_type", "idempotency_key_reused"],
      },
      problemExamples: { value_invalid: { detail: "A feature of type config needs its settings: send config.", field: "config" } },
    },
    ({ services, params: { feature: key }, body, actor, conditions }) =>
      changeCatalogue(
        services,
        actor,
        (facts, stamp) => conditionProblem(`feature ${key}`, revisionOf(facts, key), conditions) ?? putFeature(facts, key, body, stamp),
      ),
    (result, { params }) => afterwards(params.feature, result),
    {
      whyNot: async ({ params, body }) => {
        const refusal = await linkProblem(services, params.feature, body.flag);
        return refusal && refusalProblem(refusal).problem;
      },
    },
  );

  const acts = {
    archive: { act: archiveFeature, summary: "Archive a feature: nobody gets it until it is restored" },
    restore: { act: restoreFeature, summary: "Restore an archived feature, with what plans give of it" },
  };
  for (const [name, { act, summary }] of Object.entries(acts)) {
    addWrite(
      app,
      services,
      `POST /api/features/{feature}/${name}`,
      {
        id: `${name}Feature`,
        tag: "Features",
        summary,
        act: "catalogue.change",
        params: featureParams,
        headers: ["If-Match", "Idempotency-Key"],
        body: whyBody,
        bodyIsOptional: true,
        bodyExample: { why: "Replaced by another" },
        answers: { 200: answer },
        problems: {
          400: ["invalid_request", "invalid_json"],
          404: ["feature_not_found"],
          409: [...(name === "archive" ? ["needs_approval" as const] : []), "idempotency_key_in_use"],
          412: ["stale"],
          422: name === "restore" ? ["catalogue_too_large", "idempotency_key_reused"] : ["idempotency_key_reused"],
        },
        problemExamples: { needs_approval: publicationWaits },
      },
      ({ services, params: { feature: key }, body, actor, conditions }) =>
        changeCatalogue(
          services,
          actor,
          (facts, stamp) => conditionProblem(`feature ${key}`, revisionOf(facts, key), conditions) ?? act(facts, key, stamp, body.why),
        ),
      (result, { params }) => afterwards(params.feature, result),
    );
  }
}
