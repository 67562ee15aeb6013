import type { FastifyInstance } from "fastify";
import { isoOrNull } from "~/core/time";
import { demandListQuery, usageListQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import type { Services } from "~/server/services.server";
import { demandRows, demandStart } from "~/server/usage/demand.server";
import { staleFiguresSince } from "~/server/usage/home-figures.server";
import { usageCursorOf, usagePage } from "~/server/usage/usage-list.server";
import { addRead } from "./http/route.server";
import { demandList, usageListPage } from "./openapi/usage-answers";
import { demandListExample, usageListExample } from "./openapi/usage-examples";

/** Use and demand over all tenants. */
export async function usageFiguresApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/usage/tenants",
    {
      id: "listUsage",
      tag: "Usage",
      summary: "Tenants and metered features, the fullest limit first",
      detail:
        "A tenant and a feature are listed if it was used in the present or the previous period. The order may be some seconds old; the figures of each item are current.",
      act: "read",
      query: usageListQuery,
      answers: { 200: { what: "A page of tenants and features.", schema: usageListPage, example: usageListExample } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query }) => {
      const { rows, last } = await usagePage(services, query);
      const items = rows.map(({ tenant, feature, fill, resetsAt, ...row }) => ({
        ...{ tenant: tenant.key, name: tenant.name, plan: tenant.plan, feature: feature.key, unit: feature.unit },
        ...{ ...row, percent: fill < 0 ? null : fill / 100, resetsAt: isoOrNull(resetsAt) },
      }));
      return { status: 200, body: { items, next: last && usageCursorOf(last), staleSince: isoOrNull(await staleFiguresSince(services)) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/demand",
    {
      id: "listDemand",
      tag: "Usage",
      summary: "Features that were refused, those refused most first",
      detail: "Refused checks over all tenants on the last `days` days of UTC, today included.",
      act: "read",
      query: demandListQuery,
      answers: { 200: { what: "A page of features.", schema: demandList, example: demandListExample } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { days, cursor, limit } }) => {
      await services.facts.look();
      const after = cursor && { refusals: cursor[0], feature: cursor[1] };
      const { rows } = await demandRows(services, days, { after, skip: 0, size: limit + 1 });
      const items = rows.slice(0, limit).map(({ feature, plans, next, ...row }) => ({
        ...{ feature: feature.key, ...row, lowestPlan: next?.key ?? null },
        plans: plans.map(({ key, tenants }) => ({ plan: key, tenants })),
      }));
      const last = rows.length > limit ? items.at(-1) : undefined;
      const staleSince = isoOrNull(await staleFiguresSince(services));
      return {
        status: 200,
        body: { from: demandStart(services.now(), days), items, next: last ? cursorOf(last.refusals, last.feature) : null, staleSince },
      };
    },
  );
}
