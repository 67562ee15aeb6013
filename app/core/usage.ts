import type { Feature, Instant, ResetPeriod, TenantFacts } from "./model";
import { usagePeriod } from "./usage-period";

/** How late a report may be and still count in its own period, and how long its key is remembered, in ms. */
export const reportsAreLateAfter = 7 * 24 * 3_600_000;
/** How far ahead an app's clock may be, in ms. */
export const reportsMayBeAhead = 5 * 60_000;

export type MeteredFeature = Feature & { type: "metered" };

/** `add` may be negative, for what goes down again, such as seats; `set` replaces what the period has. */
export type UsageReport = { tenant: string; feature: string; action: "add" | "set"; quantity: number; at: Instant };

/** One counter per tenant, feature, kind of reset period and period. `periodStart` is the period's first instant; -1 if it never resets. */
export type Counter = { tenant: string; feature: string; periodKind: ResetPeriod; periodStart: number };

/** The feature's counter for the period that contains `at`. */
export function counterAt(feature: MeteredFeature, tenant: Pick<TenantFacts, "usageAnchor">, at: Instant): Omit<Counter, "tenant"> {
  const periodKind = feature.meter.resetPeriod;
  return { feature: feature.key, periodKind, periodStart: usagePeriod(periodKind, at, tenant.usageAnchor).start ?? -1 };
}

/** Why a report's time is refused, as a sentence, or null. */
export function timeProblem(at: Instant, now: Instant): string | null {
  if (at < now - reportsAreLateAfter) return "This is more than 7 days ago. Usage can be reported for 7 days.";
  if (at > now + reportsMayBeAhead) return "This is more than 5 minutes ahead. Check the clock of the sender.";
  return null;
}

/**
 * The state of a counter. `sum` is the true sum and may be negative, so the order of arrival does not matter.
 * `setAt` is the time of the newest `set`, `lastAt` of the newest event of any kind; null: there was none.
 */
export type CounterState = { sum: bigint; setAt: Instant | null; lastAt: Instant | null };
/** `by`: the id of the API key that sent it. */
export type CounterEvent = Pick<UsageReport, "action" | "quantity" | "at"> & { by?: string | null };

/** The event that replaces the sum: the newest `set` by time, by arrival among equal times; null if a newer one was there before. */
function winningSet({ setAt }: Pick<CounterState, "setAt">, events: CounterEvent[]): CounterEvent | null {
  let winner: CounterEvent | null = null;
  for (const event of events) {
    if (event.action === "set" && event.at >= (winner?.at ?? setAt ?? Number.NEGATIVE_INFINITY)) winner = event;
  }
  return winner;
}

/**
 * The time of a `set` that is older than events which were counted before it arrived: those stay on top of it, so the caller has to
 * add up every recorded `add` of the counter that is later than this, `events` included. Null if nothing has to be looked up.
 */
export function addsNeededAfter(state: CounterState, events: CounterEvent[]): Instant | null {
  const set = winningSet(state, events);
  return set && state.lastAt !== null && state.lastAt > set.at ? set.at : null;
}

/**
 * Applies events in their order of arrival. An event older than the newest `set` is part of what that `set` replaced: it is not
 * counted, and `counted` says so. `addsAfter` is the sum that `addsNeededAfter` asked for. Any order gives the same state, except
 * among events of the same millisecond, where arrival decides.
 */
export function applyEvents(state: CounterState, events: CounterEvent[], addsAfter?: bigint): { state: CounterState; counted: boolean[] } {
  const set = winningSet(state, events);
  const setIndex = set ? events.indexOf(set) : -1;
  let sum = set ? BigInt(set.quantity) + (addsAfter ?? 0n) : state.sum;
  let { setAt, lastAt } = state;
  const counted: boolean[] = [];
  for (const [i, { action, quantity, at }] of events.entries()) {
    const counts = setAt === null || at >= setAt;
    counted.push(counts);
    lastAt = Math.max(lastAt ?? at, at);
    if (action === "set") setAt = counts ? at : setAt;
    else if (!set) sum += counts ? BigInt(quantity) : 0n;
    // Later ones are in `addsAfter` already, if it was needed.
    else if (at === set.at ? i > setIndex : at > set.at && addsAfter === undefined) sum += BigInt(quantity);
  }
  return { state: { sum: withinRange(sum), setAt, lastAt }, counted };
}

/** Who sent the `set` that counts after these events were applied. `setBy` and `setAt`: of the newest one before. */
export function setterAfter({ setBy, setAt }: { setBy: string | null; setAt: Instant | null }, events: CounterEvent[]): string | null {
  const set = winningSet({ setAt }, events);
  return set ? (set.by ?? null) : setBy;
}

export const maxUsed = Number.MAX_SAFE_INTEGER;
/** Sums stop here, where a signed 64-bit column still takes the sum of two of them. */
const maxSum = 2n ** 62n - 1n;
const withinRange = (sum: bigint) => (sum > maxSum ? maxSum : sum < -maxSum ? -maxSum : sum);

/** The total that is shown and that decisions read: a whole number from 0 to 2^53 - 1. */
export function shownUsed(sum: bigint): number {
  return sum < 0n ? 0 : sum > BigInt(maxUsed) ? maxUsed : Number(sum);
}
