import type { Feature, Instant, ResetPeriod, TenantFacts } from "~/core/model";
import { day, isoDay, minute } from "~/core/time";
import { usagePeriod } from "./usage-period";

/** How late a usage event may be and still count in its own period, and how long its key is remembered, in ms. */
export const reportsAreLateAfter = 7 * day;
/** Allowed clock skew of apps into the future, in ms. */
export const reportsMayBeAhead = 5 * minute;

export type MeteredFeature = Feature & { type: "metered" };

/** `add` may be negative, for quantities that decrease, such as seats. `set` replaces the period's total. */
export type UsageReport = { tenant: string; feature: string; action: "add" | "set"; quantity: number; at: Instant };

/**
 * One counter per tenant, feature, kind of reset period and period. `periodStart` is the period's first instant, or the
 * instant of the change of the reset period that it began with; -1 if it never resets.
 */
export type Counter = { tenant: string; feature: string; periodKind: ResetPeriod; periodStart: number };

/** Identifies a counter among those of its tenant. */
export const counterOfTenantId = ({ feature, periodKind, periodStart }: Omit<Counter, "tenant">) =>
  `${feature}\n${periodKind}\n${periodStart}`;
/** Identifies a counter among all. Sorts as the primary key does. */
export const counterId = (counter: Counter) => `${counter.tenant}\n${counterOfTenantId(counter)}`;

/** A period as counters name it. */
export type CounterPeriod = Pick<Counter, "periodKind" | "periodStart">;

/** The natural period of a kind that contains `at`. */
export const counterPeriodAt = (
  periodKind: ResetPeriod,
  { usageAnchor }: Pick<TenantFacts, "usageAnchor">,
  at: Instant,
): CounterPeriod => ({ periodKind, periodStart: usagePeriod(periodKind, at, usageAnchor).start ?? -1 });

/** Why an event's time is refused, as a sentence, or null. */
export function timeProblem(at: Instant, now: Instant): string | null {
  if (at < now - reportsAreLateAfter) return "This is more than 7 days ago. Usage can be reported for 7 days.";
  if (at > now + reportsMayBeAhead) return "This is more than 5 minutes ahead. Check the clock of the sender.";
  return null;
}

/**
 * A counter's state. `sum` is the true sum and may be negative, so arrival order does not matter. `setAt` is the time
 * of the newest `set`, `lastAt` of the newest event, or null.
 */
export type CounterState = { sum: bigint; setAt: Instant | null; lastAt: Instant | null };
/** `by`: the id of the API key that sent it. */
export type CounterEvent = Pick<UsageReport, "action" | "quantity" | "at"> & { by?: string | null };

/** The event that replaces the sum: the newest `set` by time, ties by arrival; null if a newer one was applied before. */
function winningSet({ setAt }: Pick<CounterState, "setAt">, events: CounterEvent[]): CounterEvent | null {
  let winner: CounterEvent | null = null;
  for (const event of events) {
    if (event.action === "set" && event.at >= (winner?.at ?? setAt ?? Number.NEGATIVE_INFINITY)) winner = event;
  }
  return winner;
}

/**
 * The time of a `set` that is older than events already counted. Those stay on top of it, so the caller must sum every
 * recorded `add` later than this, `events` included. Null if no lookup is needed.
 */
export function addsNeededAfter(state: CounterState, events: CounterEvent[]): Instant | null {
  const set = winningSet(state, events);
  return set && state.lastAt !== null && state.lastAt > set.at ? set.at : null;
}

/**
 * Applies events in arrival order. An event older than the newest `set` was replaced by it and is not counted, as
 * `counted` says. `addsAfter` is the sum `addsNeededAfter` asked for. The order does not affect the state, except for
 * events of the same millisecond.
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
    // Later ones are in `addsAfter`, if it was needed.
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
/** Upper bound of sums: the sum of two still fits a signed 64-bit column. */
const maxSum = 2n ** 62n - 1n;
const withinRange = (sum: bigint) => (sum > maxSum ? maxSum : sum < -maxSum ? -maxSum : sum);

/** The displayed total, used by decisions: a whole number from 0 to 2^53 - 1. */
export function shownUsed(sum: bigint): number {
  return sum < 0n ? 0 : sum > BigInt(maxUsed) ? maxUsed : Number(sum);
}

/**
 * What events add to each UTC day of their own time, days to which nothing is added omitted. A `set` states a total, so
 * it adds nothing. An `add` that a newer `set` replaced still counts: it was used on its day.
 */
export function addedByDay(changes: (Pick<Counter, "tenant" | "feature"> & { events: CounterEvent[] })[]) {
  const days = new Map<string, { tenant: string; feature: string; day: string; added: bigint }>();
  for (const { tenant, feature, events } of changes) {
    for (const { action, quantity, at } of events) {
      if (action !== "add") continue;
      const name = isoDay(at);
      const id = `${tenant}\n${feature}\n${name}`;
      const one = days.get(id);
      if (one) one.added += BigInt(quantity);
      else days.set(id, { tenant, feature, day: name, added: BigInt(quantity) });
    }
  }
  const bound = BigInt(maxUsed);
  return [...days.values()].flatMap(({ added, ...one }) => {
    const bounded = added > bound ? bound : added < -bound ? -bound : added;
    return added === 0n ? [] : [{ ...one, added: Number(bounded) }];
  });
}
