import type { Queries } from "~db/database";
import { tenantsByPlan } from "~db/store/tenants-list.server";
import type { Services } from "./services.server";

/** How many tenants of any status have the plan or add-on. */
export async function tenantsHaving({ db }: Services, q: Queries, plan: string): Promise<number> {
  return (await tenantsByPlan(q, db.tables)).get(plan) ?? 0;
}
