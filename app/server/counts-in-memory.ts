import type { CheckCount } from "~db/store/check-counts.server";

/** Of one tenant: by feature, and of each few. */
type OfTenant = Map<string, CheckCount[]>;

/** By tenant, then by feature: two look-ups by names that are there already cost less than putting one name together. */
export function createCountsInMemory() {
  const byTenant = new Map<string, OfTenant>();
  let size = 0;

  function of(tenant: string): OfTenant {
    const known = byTenant.get(tenant);
    if (known) return known;
    const fresh: OfTenant = new Map();
    byTenant.set(tenant, fresh);
    return fresh;
  }

  return {
    size: () => size,
    of,
    find(ofTenant: OfTenant, feature: string, day: string, allowed: boolean, source: string): CheckCount | undefined {
      const found = ofTenant.get(feature);
      if (!found) return undefined;
      for (const c of found) if (c.allowed === allowed && c.source === source && c.day === day) return c;
      return undefined;
    },
    add(count: CheckCount): void {
      const ofTenant = of(count.tenant);
      const ofFeature = ofTenant.get(count.feature);
      if (ofFeature) ofFeature.push(count);
      else ofTenant.set(count.feature, [count]);
      size += 1;
    },
  };
}
