import type { Instant } from "~/core/model";
import { day, hour, minute } from "~/core/time";

/** Waits between the attempts of a delivery, in ms: 71 hours and 36 minutes in all. */
const waits = [5_000, minute, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 18 * hour, 22 * hour];

/** An endpoint that has taken nothing for so long is disabled. */
export const failureWindowMs = 3 * day;

/** When to send again after this many attempts, or null once the schedule is over. */
export function nextAttemptAfter(attempts: number, now: Instant): Instant | null {
  const wait = waits[attempts - 1];
  return wait === undefined ? null : now + wait;
}

/** From this many failures in a row on, an endpoint gets one request at a time, with a pause between them. */
export const failuresBeforePause = 5;
const maxPauseMs = 5 * minute;

/** Until when an endpoint gets nothing after failures in a row, so that one that is down is not flooded. Null: no pause. */
export function pausedUntil(failures: number, now: Instant): Instant | null {
  if (failures < failuresBeforePause) return null;
  return now + Math.min(maxPauseMs, 15_000 * 2 ** Math.min(failures - failuresBeforePause, 10));
}
