import type { Feature, Instant, TenantFacts } from "./model";
import { usagePeriod } from "./usage-period";

/** Late reports count in their own period for so long, and the same key is the same report; milliseconds. */
export const reportsAreLateAfter = 7 * 24 * 3_600_000;
/** Clocks of apps may run ahead by so much, in milliseconds. */
export const reportsMayBeAhead = 5 * 60_000;

export type MeteredFeature = Feature & { type: "metered" };

/** `add` may be negative, for what goes down again, such as seats; `set` replaces what the period has. */
export type UsageReport = { tenant: string; feature: string; action: "add" | "set"; quantity: number; at: Instant };

/** The counter that an instant belongs to: the first instant of its period, or -1 for one that never resets. */
export function counterStart(feature: MeteredFeature, tenant: Pick<TenantFacts, "usageAnchor">, at: Instant): number {
  return usagePeriod(feature.meter.resetPeriod, at, tenant.usageAnchor).start ?? -1;
}

/** Why a report's time is refused, as a sentence, or null. */
export function timeProblem(at: Instant, now: Instant): string | null {
  if (at < now - reportsAreLateAfter) return "This is more than 7 days ago. Usage can be reported for 7 days.";
  if (at > now + reportsMayBeAhead) return "This is more than 5 minutes ahead. Check the clock of the sender.";
  return null;
}

/**
 * What several reports to one counter come to, one after the other: `set`, or what it had plus `add`, but no less than `least`
 * and no more than `most`. Both are there since a counter stays between its bounds on the way, too.
 */
export type Tally = { set: number | null; add: number; least: number; most: number };

const fixed = (set: number): Tally => ({ set, add: 0, least: 0, most: mostUsed });

export function tally(reports: Pick<UsageReport, "action" | "quantity">[]): Tally {
  let sum: Tally = { set: null, add: 0, least: 0, most: mostUsed };
  for (const { action, quantity } of reports) {
    if (action === "set") sum = fixed(quantity);
    else if (sum.set !== null) sum = fixed(bounded(sum.set + quantity));
    else {
      const [least, most] = [bounded(sum.least + quantity), bounded(sum.most + quantity)];
      // Whatever it had, it comes to the same.
      sum = least === most ? fixed(least) : { set: null, add: sum.add + quantity, least, most };
    }
  }
  return sum;
}

export const mostUsed = Number.MAX_SAFE_INTEGER;

/** A counter holds whole numbers from 0 to 2^53 - 1. */
export function bounded(used: number): number {
  return Math.min(Math.max(0, used), mostUsed);
}
