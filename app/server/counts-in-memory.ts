import type { CheckCount } from "~db/store/check-counts.server";

/** By tenant, then by feature: two look-ups by names that are there already cost less than putting one name together. */
export function createCountsInMemory() {
  const byTenant = new Map<string, Map<string, CheckCount[]>>();
  let size = 0;
  return {
    size: () => size,
    find(tenant: string, feature: string, day: string, allowed: boolean, source: string): CheckCount | undefined {
      const found = byTenant.get(tenant)?.get(feature);
      if (!found) return undefined;
      for (const c of found) if (c.allowed === allowed && c.source === source && c.day === day) return c;
      return undefined;
    },
    add(count: CheckCount): void {
      let ofTenant = byTenant.get(count.tenant);
      if (!ofTenant) {
        ofTenant = new Map();
        byTenant.set(count.tenant, ofTenant);
      }
      const ofFeature = ofTenant.get(count.feature);
      if (ofFeature) ofFeature.push(count);
      else ofTenant.set(count.feature, [count]);
      size += 1;
    },
    all: (): CheckCount[] => [...byTenant.values()].flatMap((ofTenant) => [...ofTenant.values()].flat()),
  };
}
