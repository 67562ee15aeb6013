import type { FastifyInstance } from "fastify";
import { endOf, grantStateOf } from "~/core/grants/grant-lifetime";
import { isoOrNull } from "~/core/time";
import { allGrantsQuery, trialReportQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { maxReportMonths } from "~/forms/trials/trial-filters";
import { reportRange } from "~/forms/trials/trial-report-query";
import { listAllGrants } from "~/server/grants/all-grants.server";
import type { Services } from "~/server/services.server";
import { trialsFreshness } from "~/server/trials/trial-list.server";
import { type ReportRow, reportGroupsOf, reportTotal } from "~/server/trials/trial-report.server";
import { addRead } from "./http/route.server";
import { grantOnWire } from "./http/wire";
import * as answers from "./openapi/answers";

/** Grants of all tenants, and what came of trials. */
export async function trialsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/grants",
    {
      id: "listAllGrants",
      tag: "Grants",
      summary: "Grants of all tenants, the earliest end first",
      detail:
        "The end is the actual one: of a grant that was ended early, or that another one extends, that instant. Grants without an end come last. For trials that end soon: `kind=trial&state=live&endsBefore=…`.",
      act: "read",
      query: allGrantsQuery,
      answers: { 200: { what: "A page of grants.", schema: answers.grantPage } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query }) => {
      const { grants, hasMore, now } = await listAllGrants(services, query);
      const items = grants.map(({ tenant, grant }) => ({ tenant, state: grantStateOf(grant, now), grant: grantOnWire(grant) }));
      const last = hasMore ? grants.at(-1)?.grant : undefined;
      return { status: 200, body: { items, next: last ? cursorOf(...([endOf(last), last.id] as [number, string])) : null } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/trials/report",
    {
      id: "getTrialReport",
      tag: "Grants",
      summary: "What came of trials: used, converted, extended, lapsed",
      detail: `By feature, by the person who gave them, or by the month of their start, in order of \`key\`. A trial with all its extensions counts once, in the month in which it started. Outcomes are computed in the background, at most a minute or so behind. Up to ${maxReportMonths} months: a longer range is cut at its start.`,
      act: "read",
      query: trialReportQuery,
      answers: { 200: { what: "Totals of the months, and a page of groups.", schema: answers.trialReport } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { groupBy, cursor, limit, ...asked } }) => {
      if (asked.from !== undefined && asked.to !== undefined && asked.from > asked.to) {
        const detail = "The first month is after the last one. Send from before to.";
        return { problem: { status: 400, code: "invalid_request", detail, field: "from" } };
      }
      const range = reportRange(asked, services.now());
      const found = await reportGroupsOf(services, groupBy, range, { after: cursor?.[0], size: limit + 1 });
      const items = found.slice(0, limit).map((row) => ({ key: row.key, ...numbersOf(row) }));
      const { computedAt } = await trialsFreshness(services);
      const last = found.length > limit ? items.at(-1) : undefined;
      const total = numbersOf(await reportTotal(services, range));
      return {
        status: 200,
        body: { ...range, groupBy, computedAt: isoOrNull(computedAt), total, items, next: last ? cursorOf(last.key) : null },
      };
    },
  );
}

function numbersOf({ key: _, name: __, ...numbers }: ReportRow) {
  return numbers;
}
