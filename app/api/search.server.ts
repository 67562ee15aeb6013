import type { FastifyInstance } from "fastify";
import { searchApiQuery } from "~/forms/api-queries";
import { searchAll } from "~/server/search/search.server";
import type { Services } from "~/server/services.server";
import { addRead } from "./http/route.server";
import * as answers from "./openapi/answers";

export async function searchApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/search",
    {
      id: "search",
      tag: "Search",
      summary: "Tenants, features and plans that match words",
      detail:
        "Each word is a part of a word of the name or the key, or of a tenant's metadata, in any order and whatever its case and accents. The exact key comes first, then names and keys that begin with the query, then those where each word begins a word. There is no cursor: the lists of tenants, features and plans have all.",
      act: "read",
      query: searchApiQuery,
      answers: { 200: { what: "What was found, best first.", schema: answers.found } },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { q, limit } }) => {
      const { tenants, features, plans } = await searchAll(services, q, limit);
      return {
        status: 200,
        body: {
          tenants: { items: tenants.rows.map(({ plan, ...tenant }) => ({ ...tenant, plan: plan?.key ?? null })), more: tenants.hasMore },
          features: { items: features.rows.map(({ isArchived, ...one }) => ({ ...one, archived: isArchived })), more: features.hasMore },
          plans: { items: plans.rows.map(({ isArchived, ...one }) => ({ ...one, archived: isArchived })), more: plans.hasMore },
        },
      };
    },
  );
}
