import { type Instant, lastInstant, type ResetPeriod } from "~/core/model";
import { day, hour } from "~/core/time";

/** Half-open: the reset instant belongs to the new period. `null` means no bound (`never`). */
export type Period = { start: Instant | null; end: Instant | null };

/** Longer than any period of the kind, in ms; infinite if it never resets. */
export const maxPeriodMs: { [period in ResetPeriod]: number } = {
  hour,
  day,
  week: 7 * day,
  month: 31 * day,
  year: 366 * day,
  never: Number.POSITIVE_INFINITY,
};

/** 1970-01-05 was a Monday; calendar weeks begin on Monday (ISO 8601). */
const firstMonday = 4 * day;

/** The same day and time `months` later; a missing day becomes the month's last. */
function addMonths(from: Instant, months: number): Instant {
  const d = new Date(from);
  const first = new Date(from);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(d.getUTCDate(), lastDay));
  return first.getTime();
}

function fixed(length: number, anchor: Instant, now: Instant): Period {
  const start = anchor + Math.floor((now - anchor) / length) * length;
  return { start, end: start + length };
}

function monthly(months: number, anchor: Instant, now: Instant): Period {
  const a = new Date(anchor);
  const n = new Date(now);
  const apart = (n.getUTCFullYear() - a.getUTCFullYear()) * 12 + n.getUTCMonth() - a.getUTCMonth();
  let steps = Math.floor(apart / months);
  // Counted from the anchor, so that 31 January, 28 February, 31 March does not become the 28th for good.
  if (addMonths(anchor, steps * months) > now) steps -= 1;
  return { start: addMonths(anchor, steps * months), end: addMonths(anchor, (steps + 1) * months) };
}

/**
 * The reset period that contains `now`. Without an anchor it follows the calendar in UTC. A period that ends after the
 * last instant has no end.
 */
export function usagePeriod(period: ResetPeriod, now: Instant, anchor?: Instant | null): Period {
  const { start, end } = periodOf(period, now, anchor);
  return { start, end: end !== null && end > lastInstant ? null : end };
}

function periodOf(period: ResetPeriod, now: Instant, anchor?: Instant | null): Period {
  switch (period) {
    case "hour":
      return fixed(hour, anchor ?? 0, now);
    case "day":
      return fixed(day, anchor ?? 0, now);
    case "week":
      return fixed(7 * day, anchor ?? firstMonday, now);
    case "month":
      return monthly(1, anchor ?? 0, now);
    case "year":
      return monthly(12, anchor ?? 0, now);
    case "never":
      return { start: null, end: null };
  }
}
