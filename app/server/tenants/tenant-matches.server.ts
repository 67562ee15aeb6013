import type { Catalogue } from "~/core/catalogue/catalogue";
import { isGivenThrough, type TenantFilter } from "~/core/tenants/tenant-filter";
import { decideWindow } from "~/server/facts/window-decisions.server";
import type { Services } from "~/server/services.server";
import type { ListedFilter } from "~db/store/tenant-conditions.server";
import { maxSortedTenants, type TenantPlace, tenantsAfter } from "~db/store/tenant-list.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "tenantCounts">;

/** Candidates that one request decides to fill a page. */
const maxDecided = 1_000;
const batchSize = 200;

/** The filter with the plans that have its feature, as queries need it. */
export function listedFilter({ facts, now }: Pick<Parts, "facts" | "now">, filter: TenantFilter): ListedFilter {
  const { feature } = filter;
  return { ...filter, now: now(), ...(feature ? { plans: plansWith(facts.catalogue(), feature.key) } : {}) };
}

function plansWith(catalogue: Catalogue, feature: string) {
  const having = [...catalogue.plans.values()].filter(({ key }) => catalogue.gives.get(key)?.has(feature));
  const keys = (kind: "base" | "add_on") => having.flatMap((plan) => (plan.kind === kind ? [plan.key] : []));
  return { base: keys("base"), addOns: keys("add_on") };
}

/** A plan, an add-on or a feature that a filter names and that does not exist. The filter then finds nothing. */
export type GonePart = { name: "plan" | "addOn" | "feature"; key: string };

export function goneParts(catalogue: Catalogue, { plan, addOn, feature }: TenantFilter): GonePart[] {
  const gone: GonePart[] = [];
  if (plan && !catalogue.plans.has(plan)) gone.push({ name: "plan", key: plan });
  if (addOn && catalogue.plans.get(addOn)?.kind !== "add_on") gone.push({ name: "addOn", key: addOn });
  if (feature && !catalogue.features.has(feature.key)) gone.push({ name: "feature", key: feature.key });
  return gone;
}

/** The number of matching tenants from cached counts, up to 10 s old. Undefined if the counts cannot answer the filter. */
export async function knownTotal({ tenantCounts }: Pick<Parts, "tenantCounts">, catalogue: Catalogue, filter: TenantFilter) {
  const { plan, status, ...others } = filter;
  if (Object.values(others).some((part) => part !== undefined)) return undefined;
  if (plan && catalogue.plans.get(plan)?.kind !== "base") return undefined;
  let total = 0;
  for (const group of await tenantCounts.groups()) {
    if (plan !== undefined && (group.plan ?? "") !== plan) continue;
    if (status === undefined || group.status === status) total += group.tenants;
  }
  return total >= maxSortedTenants ? total : undefined;
}

/** Those of these tenants that have the filter's feature in the wanted way, as the decision function says. */
export async function decidedAmong(parts: Parts, keys: string[], { feature: wanted }: TenantFilter): Promise<Set<string>> {
  if (!wanted) return new Set(keys);
  const feature = parts.facts.catalogue().features.get(wanted.key);
  if (!feature || keys.length === 0) return new Set();
  const decided = await decideWindow(parts, keys, [feature]);
  return new Set(keys.filter((key) => decided.get(key)?.decisions.some((decision) => isGivenThrough(decision, wanted.through))));
}

/**
 * Tenants that match, in order of name, at most `size`. `next`: where to continue, or null at the end. With a feature a
 * page may hold fewer although more follow, because it ends after 1,000 decisions.
 */
export async function matchingTenantsAfter(parts: Parts, filter: TenantFilter, { after, size }: { after?: TenantPlace; size: number }) {
  const { readAside, tables } = parts.db;
  const listed = listedFilter(parts, filter);
  if (!filter.feature) {
    const found = await tenantsAfter(readAside, tables, listed, { after, size: size + 1 });
    const rows = found.slice(0, size);
    return { rows, next: found.length > size ? placeOf(rows.at(-1)) : null };
  }
  const rows: Awaited<ReturnType<typeof tenantsAfter>> = [];
  let place = after;
  for (let decided = 0; decided < maxDecided; decided += batchSize) {
    const found = await tenantsAfter(readAside, tables, listed, { after: place, size: batchSize });
    const keys = found.map(({ key }) => key);
    const matching = await decidedAmong(parts, keys, filter);
    for (const row of found) {
      place = placeOf(row) ?? place;
      if (matching.has(row.key)) rows.push(row);
      if (rows.length === size) return { rows, next: place ?? null };
    }
    if (found.length < batchSize) return { rows, next: null };
  }
  return { rows, next: place ?? null };
}

const placeOf = (row: TenantPlace | undefined) => (row ? { searchText: row.searchText, key: row.key } : null);
