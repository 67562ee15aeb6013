import type { Instant } from "~/core/model";
import { day, isoDay, startOfDay } from "~/core/time";

/** Checks of one tenant and feature on one UTC day with one result. Between its first and last check, times are not kept. */
export type ChecksOfDay = { day: string; count: number; firstAt: Instant; lastAt: Instant };

/** Days of counts that are looked at for one trial. */
export const maxDaysOfUse = 400;

/** The UTC days that `[from, to)` touches, oldest first; of a longer time only the last `maxDaysOfUse`. */
export function daysWithin(from: Instant, to: Instant): string[] {
  if (to <= from) return [];
  const last = startOfDay(to - 1);
  const days: string[] = [];
  for (let at = Math.max(startOfDay(from), last - (maxDaysOfUse - 1) * day); at <= last; at += day) days.push(isoDay(at));
  return days;
}

/**
 * Checks in `[from, to)` and the first of them. Exact to the day: a day's checks count together if the first or the
 * last of them is within.
 */
export function checksWithin(rows: readonly ChecksOfDay[], from: Instant, to: Instant): { checks: number; firstAt: Instant | null } {
  const isWithin = (at: Instant) => at >= from && at < to;
  let checks = 0;
  let firstAt: Instant | null = null;
  for (const row of rows) {
    const at = isWithin(row.firstAt) ? row.firstAt : isWithin(row.lastAt) ? row.lastAt : null;
    if (at === null) continue;
    checks += row.count;
    if (firstAt === null || at < firstAt) firstAt = at;
  }
  return { checks, firstAt };
}
