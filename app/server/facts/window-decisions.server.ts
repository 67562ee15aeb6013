import { countersOfTenant, usedIn } from "~/core/decision/counters";
import { type Decision, decide } from "~/core/decision/decide";
import { type Counter, counterId } from "~/core/decision/usage";
import type { Feature, FlagReading, TenantFacts } from "~/core/model";
import type { Services } from "~/server/services.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readLastFlags } from "~db/store/usage-levels.server";
import { readTotalsOf } from "~db/store/usage-totals.server";

export type DecidedTenant = { facts: TenantFacts; decisions: Decision[] };

/**
 * Decides features for the tenants of one page, from facts that are read for it alone, so that the cache of checks is
 * left as it is. Flags have their last known values. Unknown tenants are omitted.
 */
export async function decideWindow(
  { db, facts, now }: Pick<Services, "db" | "facts" | "now">,
  keys: string[],
  features: readonly Feature[],
): Promise<Map<string, DecidedTenant>> {
  const { readAside: q, tables: t } = db;
  const catalogue = facts.catalogue();
  const at = now();
  const current = await readCurrentTenants(q, t, keys, () => catalogue, at);
  const tenants = [...current.facts.values()].flatMap((tenant) => tenant ?? []);
  const flags = features.some(({ flag }) => flag) ? await readLastFlags(q, t, keys) : null;
  const countersOf = (tenant: TenantFacts, feature: Feature): Counter[] =>
    feature.type === "metered" ? countersOfTenant(feature, tenant, at) : [];
  const counters = tenants.flatMap((tenant) => features.flatMap((feature) => countersOf(tenant, feature)));
  const sums = new Map((await readTotalsOf(q, t, counters)).map((total) => [counterId(total), total]));
  const flagOf = (tenant: string, { flag }: Feature): FlagReading | undefined => {
    const last = flag && flags?.get(tenant)?.get(flag.key);
    return flag ? { state: "unknown", ...(last ? { last } : {}) } : undefined;
  };
  const decideOne = (tenant: TenantFacts, feature: Feature) => {
    const used = usedIn(countersOf(tenant, feature), (counter) => sums.get(counterId(counter)));
    const usage = feature.type === "metered" ? { used } : undefined;
    return decide({ tenant, catalogue, feature: feature.key, now: at, usage, flag: flagOf(tenant.key, feature) });
  };
  return new Map(tenants.map((facts) => [facts.key, { facts, decisions: features.map((feature) => decideOne(facts, feature)) }]));
}
