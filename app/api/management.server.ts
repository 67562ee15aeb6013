import type { FastifyInstance } from "fastify";
import type { Services } from "~/server/services.server";
import { catalogueApi } from "./catalogue.server";
import { featuresApi } from "./features.server";
import { grantsApi } from "./grants.server";
import { insightsApi } from "./insights.server";
import { plansApi } from "./plans.server";
import { tenantsApi } from "./tenants.server";

/** All that the pages can do, for programs. Who may call: keys with the scope `manage`. */
export async function managementApi(app: FastifyInstance, { services }: { services: Services }) {
  for (const api of [tenantsApi, grantsApi, plansApi, featuresApi, insightsApi, catalogueApi]) await app.register(api, { services });
}
