import type { FastifyInstance } from "fastify";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import type { Actor, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { comingChanges } from "~/core/schedules/coming-changes";
import { maxScheduled } from "~/core/schedules/effective";
import { cancelScheduled, moveScheduled, scheduleChange } from "~/core/schedules/schedule-changes";
import { tenantParams } from "~/forms/api-queries";
import { moveScheduledBody, scheduleBody, scheduledParams } from "~/forms/schedules/schedule";
import { changeTenant, type TenantChangeResult } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { type Conditions, conditionProblem } from "./http/conditions";
import { etagAt } from "./http/etag.server";
import { addRead, addWrite } from "./http/route.server";
import { scheduledOnWire } from "./http/wire";
import * as answers from "./openapi/answers";
import { noTenant } from "./tenants.server";

const aboutIfMatch = "`If-Match` takes the tenant's revision: the ETag of the tenant, of its grants or of its scheduled changes.";
const described = (status: 200 | 201, what: string) => ({
  [status]: { what, schema: answers.scheduledChanges, headers: ["ETag", "Idempotency-Replayed"] as const },
});

/** Changes of tenants that take effect at a later instant. */
export async function schedulesApi(app: FastifyInstance, { services }: { services: Services }) {
  const bodyOf = (facts: TenantFacts) => {
    const { key, revision } = facts;
    const changes = comingChanges(facts, services.facts.catalogue(), services.now());
    return { tenant: key, revision, items: changes.map(scheduledOnWire) };
  };
  // Which of them are still to come also depends on the clock.
  const tagged = (status: 200 | 201, facts: TenantFacts): Answered => {
    const body = bodyOf(facts);
    return { status, body, tag: etagAt(facts.revision, JSON.stringify(body)) };
  };
  const changed = (status: 200 | 201) => (result: TenantChangeResult) =>
    result.ok ? tagged(status, result.facts as TenantFacts) : refusalProblem(result, "schedule_not_found");

  type Write = { services: Services; actor: Actor; conditions: Conditions };
  const write = (
    { services, actor, conditions }: Write,
    key: string,
    act: (facts: TenantFacts, catalogue: Catalogue, stamp: Stamp) => Outcome<TenantChange>,
  ) =>
    changeTenant(services, key, actor, (facts, catalogue, stamp) => {
      if (!facts) return refuse("tenant_not_found", noTenant(key).problem.detail, "key");
      return conditionProblem(`tenant ${key}`, facts.revision, conditions) ?? act(facts, catalogue, stamp);
    });

  addRead(
    app,
    services,
    "GET /api/tenants/{key}/scheduled",
    {
      id: "listScheduled",
      tag: "Tenants",
      summary: "Changes of a tenant that are scheduled, the earliest first",
      detail: `At most ${maxScheduled}. One that has taken effect is no longer listed; one that was impossible at its time is, with its reason.`,
      act: "read",
      params: tenantParams,
      headers: ["If-None-Match"],
      answers: {
        200: { what: "The scheduled changes.", schema: answers.scheduledChanges, headers: ["ETag"] },
        304: { what: "Not modified." },
      },
      problems: { 400: ["invalid_request"], 404: ["tenant_not_found"], 503: ["facts_unavailable"] },
    },
    async ({ params: { key } }) => {
      const facts = await currentTenant(services, key);
      return facts ? tagged(200, facts) : noTenant(key);
    },
  );

  addWrite(
    app,
    services,
    "POST /api/tenants/{key}/scheduled",
    {
      id: "scheduleChange",
      tag: "Tenants",
      summary: "Schedule a change of plan, add-ons or status",
      detail: `The clock decides: every answer from \`at\` on has it, and \`validUntil\` of earlier answers ends there. ${aboutIfMatch}`,
      act: "tenants.change",
      params: tenantParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: scheduleBody,
      bodyExample: { at: "2027-01-01T00:00:00.000Z", plan: "premium", note: "From the new contract on" },
      answers: described(201, "The tenant's scheduled changes, with the new one."),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["tenant_not_found"],
        409: ["schedule_full", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["schedule_in_past", "schedule_unchanged", "plan_not_found", "plan_kind", "plan_archived", "idempotency_key_reused"],
      },
    },
    ({ params: { key }, body, ...asked }) => write(asked, key, (facts, catalogue, stamp) => scheduleChange(facts, body, catalogue, stamp)),
    changed(201),
  );

  addWrite(
    app,
    services,
    "PATCH /api/tenants/{key}/scheduled/{id}",
    {
      id: "moveScheduled",
      tag: "Tenants",
      summary: "Move a scheduled change to another time",
      detail: `One that was impossible at its time is tried again at the new one. One that follows trials no longer does. ${aboutIfMatch}`,
      act: "tenants.change",
      params: scheduledParams,
      headers: ["If-Match", "Idempotency-Key"],
      body: moveScheduledBody,
      bodyExample: { at: "2027-02-01T00:00:00.000Z" },
      answers: described(200, "The tenant's scheduled changes, with the moved one."),
      problems: {
        400: ["invalid_request", "invalid_json"],
        404: ["tenant_not_found", "schedule_not_found"],
        409: ["idempotency_key_in_use"],
        412: ["stale"],
        422: ["schedule_in_past", "schedule_unchanged", "plan_archived", "idempotency_key_reused"],
      },
      problemExamples: {
        schedule_unchanged: { detail: "Acme is suspended by then already. Choose another status, or another time.", field: "status" },
      },
    },
    ({ params: { key, id }, body, ...asked }) =>
      write(asked, key, (facts, catalogue, stamp) => moveScheduled(facts, { id, ...body }, catalogue, stamp)),
    changed(200),
  );

  addWrite(
    app,
    services,
    "DELETE /api/tenants/{key}/scheduled/{id}",
    {
      id: "cancelScheduled",
      tag: "Tenants",
      summary: "Cancel a scheduled change",
      detail: `What has taken effect cannot be cancelled: change the tenant instead. ${aboutIfMatch}`,
      act: "tenants.change",
      params: scheduledParams,
      headers: ["If-Match", "Idempotency-Key"],
      answers: described(200, "The tenant's scheduled changes that are left."),
      problems: {
        400: ["invalid_request"],
        404: ["tenant_not_found", "schedule_not_found"],
        409: ["idempotency_key_in_use"],
        412: ["stale"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ params: { key, id }, ...asked }) => write(asked, key, (facts, _catalogue, stamp) => cancelScheduled(facts, { id }, stamp)),
    changed(200),
  );
}
