import { type CounterPeriod, counterPeriodAt } from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import type { Instant, ResetPeriod, TenantFacts } from "~/core/model";

/** The current period and those before it, `count` in all, oldest first. One period if it never resets. */
export function lastPeriods(kind: ResetPeriod, tenant: Pick<TenantFacts, "usageAnchor">, now: Instant, count: number): CounterPeriod[] {
  const periods: CounterPeriod[] = [];
  for (let at = now; periods.length < count; ) {
    periods.unshift(counterPeriodAt(kind, tenant, at));
    const { start } = usagePeriod(kind, at, tenant.usageAnchor);
    if (start === null) break;
    at = start - 1;
  }
  return periods;
}
