import type { Instant } from "~/core/model";
import { day, hour, longDate, minute } from "~/core/time";

const two = (n: number) => String(n).padStart(2, "0");

// Formatted by hand, because Intl differs between the server and browsers.

/** "4 December 2026, 10:00:00 UTC" */
export function exactTime(at: Instant): string {
  const d = new Date(at);
  const clock = [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()].map(two).join(":");
  return `${longDate(at)}, ${clock} UTC`;
}

/** "in 3 days", "5 minutes ago", "just now". Time left in minutes, hours and days is rounded up: 14 days are "in 14 days" until one has passed. */
export function relativeTime(at: Instant, now: Instant): string {
  const distance = Math.abs(at - now);
  if (distance < minute) return at > now ? "in under a minute" : "just now";
  const [unit, length] =
    distance < hour
      ? (["minute", minute] as const)
      : distance < 2 * day
        ? (["hour", hour] as const)
        : distance < 60 * day
          ? (["day", day] as const)
          : distance < 730 * day
            ? (["month", 30.44 * day] as const)
            : (["year", 365.25 * day] as const);
  const count = at > now && length <= day ? Math.ceil(distance / length) : Math.floor(distance / length);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return at > now ? `in ${words}` : `${words} ago`;
}
