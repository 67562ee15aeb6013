import { and, gt, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import type { GrantState } from "~/core/grants/grant-lifetime";
import type { Instant } from "~/core/model";
import type { Schema } from "../schema";

// The SQL twins of app/core/grants/grant-lifetime.ts. tests/store/grant-lifetime.test.ts compares the two.

type Grants = Schema["grants"];

export function isLiveAt({ startsAt, endsAt, endedAt }: Grants, now: Instant): SQL | undefined {
  const at = new Date(now);
  return and(lte(startsAt, at), or(isNull(endsAt), gt(endsAt, at)), or(isNull(endedAt), gt(endedAt, at)));
}

/** Live or upcoming. */
export function isNotOverAt({ startsAt, endsAt, endedAt }: Grants, now: Instant): SQL | undefined {
  const at = new Date(now);
  const lasts = (end: typeof endsAt) => or(isNull(end), and(gt(end, at), sql`${end} > ${startsAt}`));
  return and(lasts(endsAt), lasts(endedAt));
}

function isOverAt({ startsAt, endsAt, endedAt }: Grants, now: Instant): SQL | undefined {
  const at = new Date(now);
  const ends = (end: typeof endsAt) => or(lte(end, at), sql`${end} <= ${startsAt}`);
  return or(ends(endsAt), ends(endedAt));
}

export function isInStateAt(grants: Grants, state: GrantState, now: Instant): SQL | undefined {
  if (state === "live") return isLiveAt(grants, now);
  if (state === "ended") return isOverAt(grants, now);
  return and(gt(grants.startsAt, new Date(now)), isNotOverAt(grants, now));
}
