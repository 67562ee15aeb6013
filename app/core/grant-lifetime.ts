import type { Grant, Instant } from "./model";

/** The instant from which a grant no longer counts; null: it has no end. */
export function endOf(grant: Grant): Instant | null {
  if (grant.endedAt === null) return grant.endsAt;
  return grant.endsAt === null ? grant.endedAt : Math.min(grant.endsAt, grant.endedAt);
}

export function isLive(grant: Grant, now: Instant): boolean {
  const end = endOf(grant);
  return grant.startsAt <= now && (end === null || now < end);
}

/** Ended or never to begin: nothing brings it back. */
export function isOver(grant: Grant, now: Instant): boolean {
  const end = endOf(grant);
  return end !== null && (end <= now || end <= grant.startsAt);
}
