import type { FastifyInstance } from "fastify";
import { type ComparedFeature, comparedUseOf, rankOf } from "~/core/decision/comparison";
import type { Decision } from "~/core/decision/decide";
import { cursorOf } from "~/forms/pagination";
import { compareApiQuery } from "~/forms/usage/compare-query";
import { type Compared, compareTenants } from "~/server/comparison/compare.server";
import type { Services } from "~/server/services.server";
import { addRead } from "./http/route.server";
import { comparedTenantsPage } from "./openapi/usage-answers";
import { comparedTenantsExample } from "./openapi/usage-examples";

export async function compareApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/usage/compare",
    {
      id: "compareTenants",
      tag: "Usage",
      summary: "Two to four tenants side by side, what differs first",
      detail:
        "Each active feature with the answer of every tenant: first those with another answer, then those with the same answer from another source, then equal ones, each by key. A tenant that is suspended or archived is compared by what it would have if it were active. Checks are those of the last `days` days of UTC, today included.",
      act: "read",
      query: compareApiQuery,
      repeated: ["tenant"],
      answers: { 200: { what: "The tenants, and a page of features.", schema: comparedTenantsPage, example: comparedTenantsExample } },
      problems: { 400: ["invalid_request"], 404: ["tenant_not_found"], 503: ["facts_unavailable"] },
      problemExamples: { tenant_not_found: { detail: "There is no tenant globex.", field: "tenant" } },
    },
    async ({ query: { tenant: keys, days, cursor, limit } }) => {
      const found = await compareTenants(services, keys, days);
      if ("unknown" in found) {
        return { problem: { status: 404, code: "tenant_not_found", detail: `There is no tenant ${found.unknown[0]}.`, field: "tenant" } };
      }
      const { tenants, features, from, to } = found.compared;
      const isAfter = (one: ComparedFeature) =>
        !cursor || rankOf(one) > cursor[0] || (rankOf(one) === cursor[0] && one.feature.key > cursor[1]);
      const rest = features.filter(isAfter);
      const page = rest.slice(0, limit);
      const last = rest.length > limit ? page.at(-1) : undefined;
      return {
        status: 200,
        body: {
          ...{ from, to, tenants: tenants.map(tenantItem) },
          features: { all: features.length, different: features.filter(({ difference }) => difference !== "none").length },
          items: page.map(({ feature, difference, decisions }) => ({
            ...{ feature: feature.key, type: feature.type, difference },
            answers: decisions.map(answerItem),
          })),
          next: last ? cursorOf(rankOf(last), last.feature.key) : null,
        },
      };
    },
  );
}

const tenantItem = ({ facts, entitled, checks }: Compared) => ({
  ...{ tenant: facts.key, name: facts.name, status: facts.status, plan: facts.plan, addOns: facts.addOns.map(({ plan }) => plan) },
  ...{ entitled, checks },
});

function answerItem(decision: Decision) {
  const { entitled, reason, source, value, type } = decision;
  const { used, limit, fill } = comparedUseOf(decision);
  return {
    ...{ entitled, reason, source },
    ...(value === undefined ? {} : { value }),
    ...(type === "metered" ? { used, limit, percent: fill < 0 ? null : fill / 100 } : {}),
  };
}
