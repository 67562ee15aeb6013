import type { FastifyInstance } from "fastify";
import { putTenant } from "~/core/decision/changes";
import type { TenantFacts } from "~/core/model";
import { tenantParams, tenantsQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { tenantBody } from "~/forms/tenants/tenant";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { currentTenant, tenantsPage } from "~/server/tenants/tenants.server";
import { refusalProblem } from "./http/answered.server";
import { conditionProblem } from "./http/conditions";
import { etagAt } from "./http/etag.server";
import { addRead, addWrite } from "./http/route.server";
import { summaryOnWire, tenantOnWire } from "./http/wire";
import * as answers from "./openapi/answers";

export const noTenant = (key: string) => ({
  problem: {
    status: 404,
    code: "tenant_not_found",
    detail: `There is no tenant ${key}. Create it first with PUT /api/tenants/{key}.`,
    field: "key",
  },
});

export async function tenantsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/tenants",
    {
      id: "listTenants",
      tag: "Tenants",
      summary: "Tenants in order of their names",
      act: "read",
      query: tenantsQuery,
      answers: { 200: { what: "A page of tenants.", schema: answers.tenantPage } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query }) => {
      const { rows, last } = await tenantsPage(services, query);
      return { status: 200, body: { items: rows.map(summaryOnWire), next: last && cursorOf(last.searchText, last.key) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/tenants/{key}",
    {
      id: "getTenant",
      tag: "Tenants",
      summary: "One tenant, with its live and upcoming grants",
      act: "read",
      params: tenantParams,
      headers: ["If-None-Match"],
      answers: { 200: { what: "The tenant.", schema: answers.tenant, headers: ["ETag"] }, 304: { what: "It is as the ETag says." } },
      problems: { 400: ["invalid_request"], 404: ["tenant_not_found"], 503: ["facts_unavailable"] },
    },
    async ({ params }) => {
      const facts = await currentTenant(services, params.key);
      if (!facts) return noTenant(params.key);
      const body = tenantOnWire(facts);
      // With scheduled changes it changes by the clock too, until they are written into rows.
      const stored = (await services.facts.tenant(params.key)).facts;
      const tag = stored?.scheduled ? etagAt(facts.revision, JSON.stringify(body)) : undefined;
      return { status: 200, body, tag };
    },
  );

  addWrite(
    app,
    services,
    "PUT /api/tenants/{key}",
    {
      id: "putTenant",
      tag: "Tenants",
      summary: "Create a tenant or change it",
      detail: "What is left out stays as it is; null clears. There is no DELETE: a tenant that left is archived by its status.",
      act: "tenants.change",
      params: tenantParams,
      headers: ["If-Match", "If-None-Match", "Idempotency-Key"],
      body: tenantBody,
      // Metadata of 10,000 characters, in which every second one may be a value.
      bodyLimits: { maxBytes: 128 * 1024, maxValues: 7_000 },
      bodyExample: { name: "Acme", plan: "premium", addOns: [], metadata: { region: "eu" } },
      answers: {
        200: { what: "The tenant as it is now.", schema: answers.tenant, headers: ["ETag", "Idempotency-Replayed"] },
        201: { what: "The tenant, which is new.", schema: answers.tenant, headers: ["ETag", "Idempotency-Replayed"] },
      },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["idempotency_key_in_use"],
        412: ["stale"],
        422: ["plan_not_found", "plan_kind", "plan_archived", "value_invalid", "idempotency_key_reused"],
      },
      problemExamples: {
        value_invalid: { detail: "The key holds an invisible character (U+200B). Leave it out.", field: "key" },
      },
    },
    ({ services, params: { key }, body, actor, conditions }) =>
      changeTenant(
        services,
        key,
        actor,
        (facts, catalogue, stamp) =>
          conditionProblem(`tenant ${key}`, facts?.revision ?? null, conditions) ?? putTenant(facts, key, body, catalogue, stamp),
      ),
    (result) => {
      if (!result.ok) return refusalProblem(result);
      const status = result.change?.action === "tenant.created" ? 201 : 200;
      return { status, body: tenantOnWire(result.facts as TenantFacts) };
    },
  );
}
