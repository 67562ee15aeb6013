import type { Database } from "~db/database";
import { countTenantGroups, type TenantGroup } from "~db/store/affected-tenants.server";
import { tenantsByAddOn } from "~db/store/tenant-list.server";

/** How long counts of a large database are reused, in ms. Counting walks an index entry per tenant. */
const maxAgeMs = 10_000;
/** Below this many tenants, counts are read each time. */
const smallDatabase = 10_000;

export type TenantCounts = {
  /** Tenants per plan and status; of a large database up to 10 s old. */
  groups(): Promise<readonly TenantGroup[]>;
  /** Tenants per plan and add-on, archived tenants included. */
  byPlan(): Promise<ReadonlyMap<string, number>>;
};

type Counted = { groups: TenantGroup[]; byPlan: Map<string, number>; total: number; countedAt: number };

export function createTenantCounts(db: Database): TenantCounts {
  let latest: Promise<Counted> | null = null;

  async function count(): Promise<Counted> {
    const groups = await countTenantGroups(db.readAside, db.tables);
    const byPlan = await tenantsByAddOn(db.readAside, db.tables);
    let total = 0;
    for (const { plan, tenants } of groups) {
      total += tenants;
      if (plan !== null) byPlan.set(plan, (byPlan.get(plan) ?? 0) + tenants);
    }
    return { groups, byPlan, total, countedAt: performance.now() };
  }

  async function current(): Promise<Counted> {
    const known = await latest?.catch(() => null);
    if (known && known.total >= smallDatabase && performance.now() - known.countedAt < maxAgeMs) return known;
    latest = count();
    return latest;
  }

  return {
    groups: async () => (await current()).groups,
    byPlan: async () => (await current()).byPlan,
  };
}
