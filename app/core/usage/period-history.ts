import { usagePeriod } from "~/core/decision/usage-period";
import type { Instant, ResetPeriod, TenantFacts } from "~/core/model";

/** A period's start, null if it never resets, and its last instant by now. */
type PastPeriod = { start: Instant | null; last: Instant };

/** The current period and those before it, `count` in all, oldest first. One period if it never resets. */
export function lastPeriods(kind: ResetPeriod, tenant: Pick<TenantFacts, "usageAnchor">, now: Instant, count: number): PastPeriod[] {
  const periods: PastPeriod[] = [];
  for (let at = now; periods.length < count; ) {
    const { start } = usagePeriod(kind, at, tenant.usageAnchor);
    periods.unshift({ start, last: at });
    if (start === null) break;
    at = start - 1;
  }
  return periods;
}
