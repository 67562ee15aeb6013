import type { FastifyInstance } from "fastify";
import { isoOrNull, isoTime } from "~/core/time";
import { auditParams, auditQuery, tenantParams, tenantUsageQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { auditEntryOf } from "~/server/audit/audit-entry-json.server";
import { listAuditEntries, readAuditEntryParts } from "~/server/audit/audit-pages.server";
import type { Services } from "~/server/services.server";
import { usageSummary } from "~/server/tenants/check-history.server";
import { addRead } from "./http/route.server";
import * as answers from "./openapi/answers";
import { tenantUsageSchema } from "./openapi/usage-answers";
import { noTenant } from "./tenants.server";

/** Usage and audit log. */
export async function insightsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/tenants/{key}/usage",
    {
      id: "getTenantUsage",
      tag: "Usage",
      summary: "How often a tenant was asked about, and what it consumed",
      detail:
        "Each counter says when its newest `set` was and which API key sent it. With `feature`, `events` has up to 100 of that feature's newest events in the present period, each with its API key; events are kept for eight days.",
      act: "read",
      params: tenantParams,
      query: tenantUsageQuery,
      answers: {
        200: {
          what: "Checks by day, feature and source, what was consumed, use during trials, and what nobody asked for.",
          schema: tenantUsageSchema,
        },
      },
      problems: { 400: ["invalid_request"], 404: ["tenant_not_found"], 503: ["facts_unavailable", "database_unavailable"] },
    },
    async ({ params: { key }, query }) => {
      const summary = await usageSummary(services, key, query);
      if (!summary) return noTenant(key);
      const features = summary.checks.features.map((f) => ({ ...f, firstAt: isoTime(f.firstAt), lastAt: isoTime(f.lastAt) }));
      const consumption = summary.consumption.map(({ name: _, previous: __, fill, setAt, history, ...c }) => ({
        ...{ ...c, setAt: isoOrNull(setAt), percent: fill < 0 ? null : fill / 100 },
        history: history.map(({ start, used }) => ({ start: isoOrNull(start), used })),
      }));
      const events = summary.events?.map((e) => ({ ...e, time: isoTime(e.time), recordedAt: isoTime(e.recordedAt) }));
      return { status: 200, body: { ...summary, checks: { ...summary.checks, features }, consumption, ...(events && { events }) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/audit",
    {
      id: "listAudit",
      tag: "Audit",
      summary: "Who changed what, newest first",
      detail:
        "`before` and `after` are left out where they are too large for a list, as after an import. The entry's own address has them. `feature`, `search` and combinations of filters look through up to 20,000 entries per request, so a page may have fewer items than `limit`, or none, and still a `next`: go on until `next` is null.",
      act: "read",
      query: auditQuery,
      answers: { 200: { what: "A page of entries.", schema: answers.auditPage } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query }) => {
      const { entries, older } = await listAuditEntries(services, query);
      return { status: 200, body: { items: entries.map(auditEntryOf), next: older === null ? null : cursorOf(older) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/audit/{seq}",
    {
      id: "getAuditEntry",
      tag: "Audit",
      summary: "One entry of the audit log",
      act: "read",
      params: auditParams,
      answers: { 200: { what: "The entry.", schema: answers.auditEntry } },
      problems: { 400: ["invalid_request"], 404: ["audit_entry_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { seq }, signal }) => {
      const parts = await readAuditEntryParts(services, seq, signal());
      if (parts !== null) return { status: 200, parts, type: "application/json; charset=utf-8" };
      return { problem: { status: 404, code: "audit_entry_not_found", detail: "There is no such entry in the audit log.", field: "seq" } };
    },
  );
}
