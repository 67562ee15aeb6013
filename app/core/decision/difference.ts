import type { Json, TenantFacts } from "~/core/model";
import type { TenantChange } from "./changes";

/** A change for comparison: only differing fields and touched grants. */
export type Difference = { before: Json; after: Json };

export function tenantDifference(before: TenantFacts | null, after: TenantFacts, change: TenantChange): Difference {
  const fields = Object.keys(change.set).filter((f) => f !== "createdAt") as (keyof TenantFacts)[];
  const old: { [field: string]: Json } = {};
  const now: { [field: string]: Json } = {};
  for (const field of fields) {
    if (before) old[field] = before[field] as Json;
    now[field] = after[field] as Json;
  }
  if (change.grants.length > 0) {
    const was = before?.grants.filter((g) => change.grants.some((c) => c.id === g.id)) ?? [];
    if (was.length > 0) old.grants = was as unknown as Json;
    now.grants = change.grants as unknown as Json;
  }
  if (change.railsPassed) now.railsPassed = change.railsPassed;
  return { before: Object.keys(old).length > 0 ? old : null, after: now };
}
