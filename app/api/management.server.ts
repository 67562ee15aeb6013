import type { FastifyInstance } from "fastify";
import type { Services } from "~/server/services.server";
import { catalogueApi } from "./catalogue.server";
import { featuresApi } from "./features.server";
import { grantsApi } from "./grants.server";
import { groupSyncApi } from "./group-sync.server";
import { insightsApi } from "./insights.server";
import { plansApi } from "./plans.server";
import { posthogApi } from "./posthog.server";
import { searchApi } from "./search.server";
import { tenantsApi } from "./tenants.server";
import { trialsApi } from "./trials.server";
import { usageFiguresApi } from "./usage-figures.server";

const parts = [
  searchApi,
  tenantsApi,
  grantsApi,
  trialsApi,
  plansApi,
  featuresApi,
  insightsApi,
  usageFiguresApi,
  groupSyncApi,
  posthogApi,
  catalogueApi,
];

/**
 * The pages' functions for programs, except managing keys and admins, which is for people (docs/decisions/0024).
 * Requires the scope `manage`.
 */
export async function managementApi(app: FastifyInstance, { services }: { services: Services }) {
  for (const api of parts) await app.register(api, { services });
}
