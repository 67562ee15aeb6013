import type { Grant, Instant, TenantFacts } from "~/core/model";

/** The instant from which a grant is no longer live, or null. */
export function endOf(grant: Grant): Instant | null {
  if (grant.endedAt === null) return grant.endsAt;
  return grant.endsAt === null ? grant.endedAt : Math.min(grant.endsAt, grant.endedAt);
}

/** True from the start until the end, exclusive. db/store/grant-lifetime.ts has the same in SQL. */
export function isLive(grant: Grant, now: Instant): boolean {
  const end = endOf(grant);
  return grant.startsAt <= now && (end === null || now < end);
}

/** True if it ended or can never start. */
export function isOver(grant: Grant, now: Instant): boolean {
  const end = endOf(grant);
  return end !== null && (end <= now || end <= grant.startsAt);
}

/** False if it ends at or before its start, as a grant that is ended before it begins. */
export const canBeLive = (grant: Grant): boolean => !isOver(grant, grant.startsAt);

export const grantStates = ["live", "upcoming", "ended"] as const;
export type GrantState = (typeof grantStates)[number];

export const grantStateOf = (grant: Grant, now: Instant): GrantState =>
  isOver(grant, now) ? "ended" : isLive(grant, now) ? "live" : "upcoming";

/** The facts as if this grant had not been given. `old` is the row it extends, if any. */
export function withoutGrant(facts: TenantFacts, grant: Grant, old: Grant | undefined): TenantFacts {
  const others = facts.grants.filter((g) => g.id !== grant.id && g.id !== old?.id);
  return { ...facts, grants: old ? [...others, { ...old, endedAt: null }] : others };
}

/** The facts as if this grant had not been ended early. */
export function withGrantUnended(facts: TenantFacts, grant: Grant): TenantFacts {
  return { ...facts, grants: [...facts.grants.filter((g) => g.id !== grant.id), { ...grant, endedAt: null }] };
}

/** The grant, or all grants in force of its bundle, itself first. */
export function withBundle(facts: TenantFacts, grant: Grant, now: Instant): Grant[] {
  const id = grant.kind === "trial" ? grant.bundle?.id : undefined;
  if (id === undefined) return [grant];
  return [grant, ...facts.grants.filter((g) => g.kind === "trial" && g.bundle?.id === id && g.id !== grant.id && !isOver(g, now))];
}
