import type { TenantStatus } from "~/core/model";
import { addOnsOf, listTenants, liveTrialsOf, type TenantFilter } from "~db/store/tenants-list.server";
import type { Services } from "./services.server";

export type FoundTenant = {
  key: string;
  name: string;
  status: TenantStatus;
  plan: string | null;
  addOns: string[];
  liveTrials: number;
  createdAt: string;
};

/** Up to `limit` tenants by name, and how many there are in all. */
export async function findTenants(
  { db, now }: Services,
  filter: TenantFilter,
  limit: number,
): Promise<{ tenants: FoundTenant[]; total: number }> {
  const at = now();
  const asked = { ...filter, sort: "name" as const, descending: false, page: 1, size: limit, now: at };
  const { rows, total } = await listTenants(db.readAside, db.tables, asked);
  const tenants: FoundTenant[] = [];
  for (let from = 0; from < rows.length; from += atOnce) {
    const page = rows.slice(from, from + atOnce);
    const keys = page.map((r) => r.key);
    const trials = new Map((await liveTrialsOf(db.readAside, db.tables, keys, at)).map((t) => [t.tenant, t.trials]));
    const addOns = await addOnsOf(db.readAside, db.tables, keys);
    const held = new Map(keys.map((key): [string, string[]] => [key, []]));
    for (const { tenant, plan } of addOns) held.get(tenant)?.push(plan);
    for (const { key, name, status, plan, createdAt } of page) {
      const liveTrials = trials.get(key) ?? 0;
      tenants.push({ key, name, status, plan, addOns: held.get(key) ?? [], liveTrials, createdAt: createdAt.toISOString() });
    }
  }
  return { tenants, total };
}

/** Keys in one query: SQLite takes 32,766 parameters at most. */
const atOnce = 1_000;
