import type { Queries } from "~db/database";
import { tenantsHavingPlan } from "~db/store/tenants-list.server";
import type { Services } from "./services.server";

/** How many tenants of any status have the plan or add-on. */
export async function tenantsHaving({ db }: Services, q: Queries, plan: string): Promise<number> {
  return tenantsHavingPlan(q, db.tables, plan);
}
