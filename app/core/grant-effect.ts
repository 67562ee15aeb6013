import type { Grant, TenantFacts } from "./model";

/** The facts as they would be had this grant not been given; `old` is the row that it prolongs, if it does. */
export function withoutGrant(facts: TenantFacts, grant: Grant, old: Grant | undefined): TenantFacts {
  const others = facts.grants.filter((g) => g.id !== grant.id && g.id !== old?.id);
  return { ...facts, grants: old ? [...others, { ...old, endedAt: null }] : others };
}

/** The facts as they would be had nobody ended this grant early. */
export function withGrantUnended(facts: TenantFacts, grant: Grant): TenantFacts {
  return { ...facts, grants: [...facts.grants.filter((g) => g.id !== grant.id), { ...grant, endedAt: null }] };
}
