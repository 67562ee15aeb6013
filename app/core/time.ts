import type { Instant } from "~/core/model";

// Lengths in ms. A day is 24 hours, as in UTC.
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** ISO 8601 in UTC with milliseconds, the format of all instants in the API. */
export const isoTime = (at: Instant): string => new Date(at).toISOString();

export const isoOrNull = (at: Instant | null): string | null => (at === null ? null : isoTime(at));

/** The day in UTC: "2026-12-04". */
export const isoDay = (at: Instant): string => isoTime(at).slice(0, 10);

/** The first instant of the day in UTC. */
export const startOfDay = (at: Instant): Instant => at - (at % day);

export const monthNames = "January February March April May June July August September October November December".split(" ");

/** "4 December 2026" in UTC. */
export function longDate(at: Instant): string {
  const d = new Date(at);
  return `${d.getUTCDate()} ${monthNames[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
}

/** "4 Dec 2026" in UTC. */
export function shortDate(at: Instant): string {
  const d = new Date(at);
  return `${d.getUTCDate()} ${monthNames[d.getUTCMonth()]?.slice(0, 3)} ${d.getUTCFullYear()}`;
}

/** "4 Dec 2026" of the UTC day "2026-12-04". */
export const utcDate = (day: string): string => shortDate(Date.parse(day));
