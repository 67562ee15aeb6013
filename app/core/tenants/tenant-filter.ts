import type { Decision } from "~/core/decision/decide";
import type { TenantStatus } from "~/core/model";

/** How a tenant comes to have a feature, or that it has used its limit up. */
export const featureThrough = ["plan", "add_on", "trial", "override", "limit"] as const;
export type FeatureThrough = (typeof featureThrough)[number];

/** Which tenants a list shows. All parts apply. Plain data, so that a change of many tenants can send it. */
export type TenantFilter = {
  /** Words that the name and key hold, in any order. */
  search?: string;
  /** "" means tenants without a plan. An add-on's key finds tenants that have it. */
  plan?: string;
  addOn?: string;
  status?: TenantStatus;
  /** `live`: has a live trial. A number: has one that ends within this many ms. */
  trial?: "live" | number;
  feature?: { key: string; through: FeatureThrough };
  metadata?: { key: string; value: string };
};

export const tenantSortIds = ["name", "plan", "trial", "limit", "refused", "changed", "status", "created"] as const;
export type TenantSortId = (typeof tenantSortIds)[number];
export type TenantSort = { id: TenantSortId; desc: boolean };
export const maxTenantSorts = 3;

/** The decision says who has a feature; the database only finds candidates. */
export function isGivenThrough({ entitled, reason, source }: Decision, through: FeatureThrough): boolean {
  return through === "limit" ? reason === "limit_reached" : entitled && source === through;
}

/**
 * The sort with what makes it complete: columns that are equal in all rows are left out, and plan and status are
 * followed by the name, as in their indexes.
 */
export function completeSort(sorts: readonly TenantSort[], equal: ReadonlySet<TenantSortId>): TenantSort[] {
  const kept = sorts.filter(({ id }) => !equal.has(id));
  const last = kept.at(-1);
  if (!last) return [{ id: "name", desc: sorts[0]?.desc ?? false }];
  const needsName = (last.id === "plan" || last.id === "status") && !kept.some(({ id }) => id === "name");
  return needsName ? [...kept, { id: "name", desc: last.desc }] : kept;
}

/** The first part of a complete sort that one index has: only its tenants can be read in order if there are many. */
export function indexedSort(sorts: readonly TenantSort[]): TenantSort[] {
  const [first, second] = sorts as [TenantSort, TenantSort?];
  const hasName = first.id === "plan" || first.id === "status";
  if (!hasName) return [first];
  return second?.id === "name" && second.desc === first.desc ? [first, second] : [first, { id: "name", desc: first.desc }];
}
