import type { Period } from "~/core/decision/usage-period";
import type { Instant } from "~/core/model";

/** A projection from less than this share of a period says nothing. */
const minShare = 0.1;

/**
 * What will be used at the period's end if use goes on as it did since the start. Null if that says nothing: the period
 * never ends or has just begun, or use was stated by a `set`, as of seats, which does not grow with time.
 */
export function projectedUse(
  { used, period, setAt }: { used: number; period: Period; setAt: Instant | null },
  now: Instant,
): number | null {
  const { start, end } = period;
  if (start === null || end === null || setAt !== null) return null;
  const share = (now - start) / (end - start);
  return share < minShare ? null : Math.min(Math.round(used / share), Number.MAX_SAFE_INTEGER);
}
