import type { FastifyInstance } from "fastify";
import { emptyBody, resyncBody } from "~/forms/api-bodies";
import { tenantParams } from "~/forms/api-queries";
import { resyncAll, resyncNamed, resyncSummary, resyncTenants } from "~/server/posthog/jobs/resync.server";
import type { Services } from "~/server/services.server";
import { syncStatus, tenantSync } from "~/server/tenants/posthog-status.server";
import { tenantFlags } from "~/server/tenants/tenant-flags.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { refusalProblem } from "./http/answered.server";
import { addRead, addWrite } from "./http/route.server";
import * as answers from "./openapi/posthog-answers";
import * as examples from "./openapi/posthog-examples";
import { posthogOff, whyOff } from "./posthog-off.server";
import { groupSyncOnWire, tenantSyncOnWire } from "./posthog-wire";
import { noTenant } from "./tenants.server";

const sentAgain = {
  202: { what: "They are sent again, in the background.", schema: answers.resync, headers: ["Idempotency-Replayed"] as const },
};

/** Sync status of tenants, and resync. */
export async function groupSyncApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/posthog/sync",
    {
      id: "getGroupSync",
      tag: "PostHog",
      summary: "Status of group sync: pending and failing tenants, resync progress, last flag refresh",
      act: "read",
      answers: { 200: { what: "As the page shows it.", schema: answers.groupSyncSchema, example: examples.groupSyncExample } },
      problems: { 409: ["posthog_off"], 503: ["database_unavailable"] },
    },
    async () => {
      const status = await syncStatus(services);
      return status ? { status: 200, body: groupSyncOnWire(status) } : posthogOff;
    },
  );

  addWrite(
    app,
    services,
    "POST /api/posthog/resync",
    {
      id: "resync",
      tag: "PostHog",
      summary: "Send tenants to PostHog again, all of them or some",
      detail:
        "Changes are sent by themselves. This is for when somebody changed or deleted groups in PostHog. One tenant that does not exist, and none is sent. More than 50 tenants are queued by a job, which GET /api/jobs/{id} follows.",
      act: "posthog.change",
      headers: ["Idempotency-Key"],
      body: resyncBody,
      bodyLimits: { maxBytes: 1024 * 1024, maxValues: 1_100 },
      bodyExample: { tenants: ["acme", "umbrella"] },
      answers: { 202: { ...sentAgain[202], example: { tenants: 2, job: null } } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["posthog_off", "too_many_jobs", "idempotency_key_in_use"],
        422: ["tenant_not_found", "idempotency_key_reused"],
      },
      problemExamples: {
        tenant_not_found: { detail: "There is no tenant globex. Correct it, or take it out; nothing was sent yet.", field: "tenants" },
      },
    },
    ({ services, body: { tenants }, actor }) => (tenants === "all" ? resyncAll(services, actor) : resyncNamed(services, actor, tenants)),
    (started) => {
      if (started.ok) return { status: 202, body: resyncSummary(started) };
      const { problem } = refusalProblem(started);
      // The missing tenant is one of the body, not of the path.
      return { problem: started.code === "tenant_not_found" ? { ...problem, status: 422 } : problem };
    },
    { whyNot: async () => whyOff(services) },
  );

  addRead(
    app,
    services,
    "GET /api/tenants/{key}/posthog",
    {
      id: "getTenantSync",
      tag: "PostHog",
      summary: "A tenant's properties in PostHog, the expected ones, and its flag values",
      act: "read",
      params: tenantParams,
      answers: { 200: { what: "As the tenant's page shows it.", schema: answers.tenantSyncSchema, example: examples.tenantSyncExample } },
      problems: {
        400: ["invalid_request"],
        404: ["tenant_not_found"],
        409: ["posthog_off"],
        503: ["facts_unavailable", "database_unavailable"],
      },
    },
    async ({ params: { key } }) => {
      const { checks, posthog } = services;
      if (!posthog) return posthogOff;
      const facts = await currentTenant(services, key);
      if (!facts) return noTenant(key);
      const now = services.now();
      const tenant = { facts, catalogue: services.facts.catalogue(), now, readings: checks.readings(await checks.context(key), now) };
      const sync = await tenantSync(services, tenant);
      if (!sync) return posthogOff;
      const status = posthog.flags.status(key);
      return { status: 200, body: tenantSyncOnWire({ key, sync, flags: tenantFlags(tenant), status }) };
    },
  );

  addWrite(
    app,
    services,
    "POST /api/tenants/{key}/posthog/resync",
    {
      id: "resyncTenant",
      tag: "PostHog",
      summary: "Send one tenant to PostHog again, and at once",
      act: "posthog.change",
      params: tenantParams,
      headers: ["Idempotency-Key"],
      body: emptyBody,
      bodyIsOptional: true,
      bodyExample: {},
      answers: { 202: { ...sentAgain[202], what: "It is sent again, in the background.", example: { tenants: 1, job: null } } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["tenant_not_found"],
        409: ["posthog_off", "idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ services, actor, params: { key } }) => resyncTenants(services, actor, [key]),
    (started, { params: { key } }) => {
      const sent = started.ok ? resyncSummary(started) : null;
      return sent?.tenants === 1 ? { status: 202, body: sent } : noTenant(key);
    },
    { whyNot: async () => whyOff(services) },
  );
}
