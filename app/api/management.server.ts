import type { FastifyInstance } from "fastify";
import type { Services } from "~/server/services.server";
import { bulkApi } from "./bulk.server";
import { bundlesApi } from "./bundles.server";
import { catalogueApi } from "./catalogue.server";
import { compareApi } from "./compare.server";
import { featuresApi } from "./features.server";
import { grantConversionApi } from "./grant-conversion.server";
import { grantsApi } from "./grants.server";
import { groupSyncApi } from "./group-sync.server";
import { impactsApi } from "./impacts.server";
import { insightsApi } from "./insights.server";
import { jobsApi } from "./jobs.server";
import { plansApi } from "./plans.server";
import { posthogApi } from "./posthog.server";
import { requestsApi } from "./requests.server";
import { schedulesApi } from "./schedules.server";
import { searchApi } from "./search.server";
import { tenantCsvApi } from "./tenant-csv.server";
import { tenantsApi } from "./tenants.server";
import { trialsApi } from "./trials.server";
import { undoApi } from "./undo.server";
import { usageFiguresApi } from "./usage-figures.server";

const parts = [
  searchApi,
  tenantsApi,
  grantsApi,
  grantConversionApi,
  bundlesApi,
  schedulesApi,
  trialsApi,
  plansApi,
  featuresApi,
  insightsApi,
  undoApi,
  usageFiguresApi,
  compareApi,
  groupSyncApi,
  posthogApi,
  catalogueApi,
  bulkApi,
  impactsApi,
  jobsApi,
  tenantCsvApi,
  requestsApi,
];

/**
 * The pages' functions for programs, except managing keys and admins, which is for people (docs/decisions/0024).
 * Requires the scope `manage`.
 */
export async function managementApi(app: FastifyInstance, { services }: { services: Services }) {
  for (const api of parts) await app.register(api, { services });
}
