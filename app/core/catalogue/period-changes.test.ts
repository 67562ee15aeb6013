import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countersAt, totalOf } from "~/core/decision/counters";
import {
  addsNeededAfter,
  applyEvents,
  type CounterEvent,
  type CounterState,
  counterOfTenantId,
  counterPeriodAt,
  type MeteredFeature,
} from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import { type CountsChoice, countsChoices, type Instant, type ResetPeriod, resetPeriods } from "~/core/model";
import { day, hour, minute } from "~/core/time";
import { meteredFeature } from "~tests/facts";
import { maxPeriodChanges, withMeter, withMeterBefore } from "./period-changes";

/** Thursday, 3 December 2026, 10:20. */
const start = Date.UTC(2026, 11, 3, 10, 20);
const calls = meteredFeature("calls");

function changed(feature: MeteredFeature, resetPeriod: ResetPeriod, counts: CountsChoice, at: Instant): MeteredFeature {
  const made = withMeter(feature, { ...feature.meter, resetPeriod }, counts, at);
  if ("ok" in made) throw new Error(made.message);
  return made;
}
const startsAt = (feature: MeteredFeature, at: Instant) =>
  countersAt(feature, {}, at).map(({ periodKind, periodStart }) => [periodKind, periodStart]);

type Change = { at: Instant; to: ResetPeriod; counts: CountsChoice };
type Event = CounterEvent & { arrives: Instant };
type Anchored = { usageAnchor?: Instant | null };

/** Replays what happened in the order of its own time: a period that ends, or a change that begins at zero, clears the sum. */
function replayed(changes: Change[], events: Event[], tenant: Anchored, until: Instant): bigint {
  let kind: ResetPeriod = "month";
  let sum = 0n;
  let since = counterPeriodAt(kind, tenant, start).periodStart;
  const pass = (at: Instant) => {
    const { periodStart } = counterPeriodAt(kind, tenant, at);
    if (periodStart !== since) sum = 0n;
    since = periodStart;
  };
  const steps = [...changes.map((change) => ({ change, at: change.at })), ...events.map((event) => ({ event, at: event.at }))];
  steps.sort((a, b) => a.at - b.at || ("change" in a ? -1 : 1));
  for (const step of steps.filter(({ at }) => at <= until)) {
    pass(step.at);
    if ("change" in step) {
      if (step.change.counts === "zero") sum = 0n;
      kind = step.change.to;
      since = counterPeriodAt(kind, tenant, step.at).periodStart;
    } else sum = step.event.action === "set" ? BigInt(step.event.quantity) : sum + BigInt(step.event.quantity);
  }
  pass(until);
  return sum;
}

/** The last instant that counts in the same period as `at`. */
function lastOf(changes: Change[], { usageAnchor }: Anchored, at: Instant): Instant {
  const next = changes.find((change) => at < change.at);
  const kind = changes.findLast((change) => change.at <= at)?.to ?? "month";
  return Math.min(next?.at ?? Number.POSITIVE_INFINITY, usagePeriod(kind, at, usageAnchor).end ?? Number.POSITIVE_INFINITY) - 1;
}

/** Counts as the store does, each event with the changes known when it arrives. */
function counted(changes: Change[], events: Event[], tenant: Anchored, order: "change" | "event") {
  let feature: MeteredFeature = calls;
  const states = new Map<string, { state: CounterState; adds: CounterEvent[] }>();
  const steps = [
    ...changes.map((change) => ({ change, at: change.at })),
    ...events.map((event) => ({ event, at: Math.max(event.arrives, event.at) })),
  ];
  steps.sort((a, b) => a.at - b.at || (order in a ? -1 : 1));
  for (const step of steps) {
    if ("change" in step) feature = changed(feature, step.change.to, step.change.counts, step.change.at);
    else {
      const id = counterOfTenantId(countersAt(feature, tenant, step.event.at)[0]);
      const { state, adds } = states.get(id) ?? { state: { sum: 0n, setAt: null, lastAt: null }, adds: [] };
      if (step.event.action === "add") adds.push(step.event);
      const after = addsNeededAfter(state, [step.event]);
      const later = adds.filter((add) => after !== null && add.at > after).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
      states.set(id, { state: applyEvents(state, [step.event], after === null ? undefined : later).state, adds });
    }
  }
  return (at: Instant) => totalOf(countersAt(feature, tenant, at), (counter) => states.get(counterOfTenantId(counter))?.state).sum;
}

const gap = fc.oneof(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 3 * hour }),
  fc.integer({ min: 1, max: 3 * day }),
  fc.integer({ min: 1, max: 60 * day }),
  fc.constant(hour - 20 * minute),
);
const happening = fc.oneof(
  { arbitrary: fc.record({ gap, to: fc.constantFrom(...resetPeriods), counts: fc.constantFrom(...countsChoices) }), weight: 1 },
  {
    arbitrary: fc.record({
      gap,
      action: fc.constantFrom<"add" | "set">("add", "add", "add", "set"),
      quantity: fc.integer({ min: -9, max: 9 }),
      late: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 7 * day })),
    }),
    weight: 2,
  },
);

describe("a total after changes of the reset period", () => {
  test("equals a replay in the order of time, in whatever order events arrive", () => {
    const anchors = fc.constantFrom(null, start - 400 * day - 17 * minute, start + 5 * minute);
    const given = fc.tuple(fc.array(happening, { minLength: 1, maxLength: 24 }), anchors, fc.array(fc.integer({ min: 0, max: 7 * day })));
    fc.assert(
      fc.property(given, ([list, usageAnchor, lookbacks]) => {
        let now = start;
        let kind: ResetPeriod = "month";
        const changes: Change[] = [];
        const events: Event[] = [];
        for (const one of list) {
          now += one.gap;
          if ("action" in one) {
            const quantity = one.action === "set" ? Math.abs(one.quantity) : one.quantity;
            events.push({ action: one.action, quantity, at: now, arrives: now + one.late });
          } else if (one.to !== kind && changes.length < maxPeriodChanges) {
            changes.push({ at: now, to: one.to, counts: one.counts });
            kind = one.to;
          }
        }
        const tenant = { usageAnchor };
        for (const order of ["change", "event"] as const) {
          const total = counted(changes, events, tenant, order);
          for (const at of [now, ...lookbacks.map((lookback) => Math.max(start, now - lookback))])
            expect(total(at)).toBe(replayed(changes, events, tenant, Math.min(now, lastOf(changes, tenant, at))));
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test("a feature that was never changed has the natural period alone", () => {
    expect(startsAt(calls, start)).toEqual([["month", Date.UTC(2026, 11)]]);
    expect(startsAt(meteredFeature("calls", { resetPeriod: "never" }), start)).toEqual([["never", -1]]);
  });

  test("the first period after a change begins with it, the next one naturally", () => {
    const daily = changed(calls, "day", "carry", start);
    expect(startsAt(daily, start - 1)).toEqual([["month", Date.UTC(2026, 11)]]);
    expect(startsAt(daily, start)).toEqual([
      ["day", start],
      ["month", Date.UTC(2026, 11)],
    ]);
    expect(startsAt(daily, start + day)).toEqual([["day", Date.UTC(2026, 11, 4)]]);
    expect(startsAt(changed(calls, "never", "zero", start), start + 900 * day)).toEqual([["never", start]]);
  });

  test("carries nothing of a period that ends with the instant of the change", () => {
    const midnight = Date.UTC(2026, 11, 4);
    const daily = meteredFeature("calls", { resetPeriod: "day" });
    expect(startsAt(changed(daily, "month", "carry", midnight), midnight)).toEqual([
      ["month", midnight],
      ["day", midnight],
    ]);
  });
});

describe("changes of a reset period", () => {
  test("are kept until their first period is over and no event of it can arrive", () => {
    const daily = changed(calls, "day", "zero", start);
    const weekly = (later: number) => changed(daily, "week", "carry", start + later).periodChanges?.length;
    expect([weekly(hour), weekly(9 * day - 1), weekly(9 * day)]).toEqual([2, 2, 1]);
    // The week carries the day, which began at zero.
    const both = changed(daily, "week", "carry", start + hour);
    expect(changed(both, "hour", "carry", start + 14 * day).periodChanges).toHaveLength(3);
    expect(changed(both, "hour", "carry", start + 15 * day + hour).periodChanges).toHaveLength(1);
  });

  test("two of one millisecond have an order", () => {
    const both = changed(changed(calls, "day", "zero", start), "week", "carry", start);
    expect(both.periodChanges?.map(({ at }) => at)).toEqual([start, start + 1]);
  });

  test("are refused while counts depend on the most of them that are kept", () => {
    let feature: MeteredFeature = calls;
    for (let i = 0; i < maxPeriodChanges; i++) feature = changed(feature, i % 2 ? "month" : "day", "carry", start + i);
    const refused = withMeter(feature, { ...feature.meter, resetPeriod: "year" }, "zero", start + day);
    expect(refused).toMatchObject({ ok: false, code: "period_changes_full", field: "meter.resetPeriod" });
    expect(withMeter(feature, { ...feature.meter, soft: true }, "zero", start + day)).toMatchObject({ meter: { soft: true } });
    expect(changed(feature, "year", "zero", start + 60 * day).periodChanges).toHaveLength(1);
  });

  test("an undo carries what was counted before and since, and its undo takes that back", () => {
    const choices = ({ periodChanges = [] }: MeteredFeature) => periodChanges.map(({ from, counts }) => `${from} ${counts}`);
    const back = (now: MeteredFeature, was: MeteredFeature, became: MeteredFeature, at: Instant) => {
      const made = withMeterBefore(now, was, became, at);
      if ("ok" in made) throw new Error(made.message);
      return made;
    };
    const daily = changed(calls, "day", "zero", start);
    const undone = back(daily, calls, daily, start + 1);
    expect([undone.meter.resetPeriod, ...choices(undone)]).toEqual(["month", "month carry", "day carry"]);
    const redone = back(undone, daily, undone, start + 2);
    expect([redone.meter.resetPeriod, ...choices(redone)]).toEqual(["day", "month zero", "day carry", "month carry"]);
  });
});
