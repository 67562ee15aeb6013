import type { FastifyInstance } from "fastify";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import { grantStateOf } from "~/core/grants/grant-lifetime";
import { withPlanAfter } from "~/core/grants/plan-after";
import type { Stamp, TenantFacts } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { withinRails } from "~/core/rails/within-rails";
import { day } from "~/core/time";
import { extendBody } from "~/forms/api-bodies";
import { grantParams, grantsQuery, tenantParams } from "~/forms/api-queries";
import { endGrantBody, type GrantBody, grantBody } from "~/forms/grants/grant";
import { cursorOf } from "~/forms/pagination";
import { changeTenant, changeTenantOfGrant } from "~/server/changes/tenant-change.server";
import { grantNamed, listGrantsPage } from "~/server/grants/grants.server";
import type { Services } from "~/server/services.server";
import { aboutIfMatch, changedGrantsAnswer, describedGrants, planAfterProblems } from "./grants-changed.server";
import type { Answered } from "./http/answered.server";
import { conditionProblem } from "./http/conditions";
import { etagAt } from "./http/etag.server";
import { addRead, addWrite } from "./http/route.server";
import { grantOnWire } from "./http/wire";
import * as answers from "./openapi/answers";
import { noTenant } from "./tenants.server";

/** Shared by all reads of grants. */
const unchanged = { 304: { what: "Not modified." } };

/** Whether a grant is live also depends on time. */
const tagged = (body: object, revision: number): Answered => ({ status: 200, body, tag: etagAt(revision, JSON.stringify(body)) });

export async function grantsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/tenants/{key}/grants",
    {
      id: "listGrants",
      tag: "Grants",
      summary: "All grants that a tenant has, had or will have, latest start first",
      act: "read",
      params: tenantParams,
      query: grantsQuery,
      headers: ["If-None-Match"],
      answers: { 200: { what: "A page of grants.", schema: answers.grantPage, headers: ["ETag"] }, ...unchanged },
      problems: { 400: ["invalid_request"], 404: ["tenant_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { key }, query }) => {
      const page = await listGrantsPage(services, key, query);
      if (!page) return noTenant(key);
      const items = page.grants.map((g) => ({ tenant: key, state: grantStateOf(g, page.now), grant: grantOnWire(g) }));
      return tagged({ items, next: page.last && cursorOf(page.last.startsAt, page.last.id) }, page.revision);
    },
  );

  addWrite(
    app,
    services,
    "POST /api/tenants/{key}/grants",
    {
      id: "grant",
      tag: "Grants",
      summary: "Grant a trial, or set an override",
      detail: `A trial can move the tenant to a plan at its end, with \`whenItEnds\`. ${aboutIfMatch}`,
      act: ["trials.grant", "overrides.change"],
      params: tenantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: grantBody,
      bodyLimits: { maxBytes: 256 * 1024, maxValues: 10_000 },
      bodyExample: { kind: "trial", feature: "sso", days: 14, note: "Asked for by phone" },
      answers: describedGrants(201),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["tenant_not_found"],
        409: ["grant_overlaps", "schedule_full", "needs_approval", "requests_full", "idempotency_key_in_use"],
        412: ["stale"],
        422: [
          "feature_not_found",
          "feature_archived",
          "plan_not_found",
          "plan_archived",
          "plan_kind",
          "schedule_unchanged",
          "tenant_archived",
          "value_invalid",
          "ends_in_past",
          "ends_before_start",
          "guard_rail",
          "idempotency_key_reused",
        ],
      },
      problemExamples: {
        ...planAfterProblems,
        plan_not_found: { detail: "There is no plan gold. Choose one that the catalogue has.", field: "whenItEnds.plan" },
        plan_archived: { detail: "Starter is archived and cannot be newly given. Choose another plan.", field: "whenItEnds.plan" },
      },
    },
    ({ services, params: { key }, body, actor, conditions }) =>
      changeTenant(
        services,
        key,
        actor,
        (facts, catalogue, stamp, bounds) => {
          if (!facts) return refuse("tenant_not_found", noTenant(key).problem.detail, "key");
          const stale = conditionProblem(`tenant ${key}`, facts.revision, conditions);
          return stale ?? withinRails(give(facts, body, catalogue, stamp), bounds, "reason" in body ? body.reason : null, catalogue);
        },
        { isBound: true },
      ),
    changedGrantsAnswer(201),
  );

  addRead(
    app,
    services,
    "GET /api/grants/{id}",
    {
      id: "getGrant",
      tag: "Grants",
      summary: "One grant, and whose it is",
      act: "read",
      params: grantParams,
      headers: ["If-None-Match"],
      answers: { 200: { what: "The grant.", schema: answers.oneGrant, headers: ["ETag"] }, ...unchanged },
      problems: { 400: ["invalid_request"], 404: ["grant_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id } }) => {
      const found = await grantNamed(services, id);
      if (!found) return { problem: { status: 404, code: "grant_not_found", detail: `There is no grant ${id}.`, field: "id" } };
      const { tenant, grant, now, revision } = found;
      return tagged({ tenant, state: grantStateOf(grant, now), grant: grantOnWire(grant) }, revision);
    },
  );

  addWrite(
    app,
    services,
    "POST /api/grants/{id}/extend",
    {
      id: "extendGrant",
      tag: "Grants",
      summary: "Move the end of a grant to later",
      detail: `To \`endsAt\`, or by \`days\` from the end that it has. A new grant takes over at once, so that what was promised before stays on record. ${aboutIfMatch}`,
      act: ["trials.extend", "overrides.change"],
      params: grantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: extendBody,
      bodyExample: { days: 14, note: "Two more weeks" },
      answers: describedGrants(200),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["grant_not_found"],
        409: ["grant_over", "grant_overlaps", "needs_approval", "requests_full", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["ends_before_start", "tenant_archived", "guard_rail", "idempotency_key_reused"],
      },
      problemExamples: {
        grant_overlaps: {
          detail: "From 4 December 2026 another trial takes over. Extend up to there, or end that one first.",
          field: "endsAt",
        },
        ends_before_start: { detail: "The new end has to be after 4 December 2026. To shorten it, end it now.", field: "endsAt" },
      },
    },
    ({ services, params: { id }, body, actor, conditions }) =>
      changeTenantOfGrant(
        services,
        id,
        actor,
        (facts, stamp, bounds, catalogue) => {
          const { reason, ...form } = body;
          const extended = () => extendGrant(facts, { grant: id, ...form } as Parameters<typeof extendGrant>[1], stamp);
          const stale = conditionProblem(`tenant ${facts.key}`, facts.revision, conditions);
          return stale ?? withinRails(extended(), bounds, reason, catalogue);
        },
        { isBound: true },
      ),
    changedGrantsAnswer(200),
  );

  addWrite(
    app,
    services,
    "POST /api/grants/{id}/end",
    {
      id: "endGrant",
      tag: "Grants",
      summary: "End a grant now",
      detail: aboutIfMatch,
      act: ["trials.end", "overrides.change"],
      params: grantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: endGrantBody,
      bodyIsOptional: true,
      bodyExample: { note: "Not needed any more" },
      answers: describedGrants(200),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["grant_not_found"],
        409: ["grant_over", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ services, params: { id }, body, actor, conditions }) =>
      changeTenantOfGrant(
        services,
        id,
        actor,
        (facts, stamp) =>
          conditionProblem(`tenant ${facts.key}`, facts.revision, conditions) ?? endGrant(facts, { grant: id, note: body.note }, stamp),
      ),
    changedGrantsAnswer(200),
  );
}

function give(facts: TenantFacts, body: GrantBody, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  if (body.kind === "override") return setOverride(facts, body, catalogue, stamp);
  const { feature, value, features, startsAt, endsAt, days, note, whenItEnds } = body;
  const end = endsAt ?? (startsAt ?? stamp.now) + (days as number) * day;
  const wanted = features ?? [{ feature: feature as string, value }];
  const granted = grantTrial(facts, { features: wanted, startsAt, endsAt: end, note }, catalogue, stamp);
  return withPlanAfter(granted, facts, whenItEnds?.plan, catalogue, stamp);
}
