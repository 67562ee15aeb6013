import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addsNeededAfter, applyEvents, type CounterEvent, type CounterState, maxUsed, shownUsed } from "./usage";

const empty: CounterState = { sum: 0n, setAt: null, lastAt: null };

/** Applies batches as the store does: an `add` is remembered, so that a late `set` can be followed by later ones. */
function total(batches: CounterEvent[][]): { used: number; counted: boolean[] } {
  let state = empty;
  const recorded: CounterEvent[] = [];
  const counted: boolean[] = [];
  for (const events of batches) {
    recorded.push(...events);
    const after = addsNeededAfter(state, events);
    const adds = recorded.filter((e) => e.action === "add" && after !== null && e.at > after);
    const applied = applyEvents(state, events, after === null ? undefined : adds.reduce((sum, e) => sum + BigInt(e.quantity), 0n));
    state = applied.state;
    counted.push(...applied.counted);
  }
  return { used: shownUsed(state.sum), counted };
}

/** The newest `set`, plus every later `add`. */
function oracle(events: CounterEvent[]): number {
  const newest = events.filter((e) => e.action === "set").sort((a, b) => b.at - a.at)[0];
  const adds = events.filter((e) => e.action === "add" && (!newest || e.at > newest.at));
  return shownUsed(adds.reduce((sum, e) => sum + BigInt(e.quantity), BigInt(newest?.quantity ?? 0)));
}

const event = fc.record({
  action: fc.constantFrom("add" as const, "add" as const, "set" as const),
  quantity: fc.oneof(
    { arbitrary: fc.integer({ min: -9, max: 9 }), weight: 5 },
    { arbitrary: fc.constantFrom(maxUsed, -maxUsed), weight: 1 },
  ),
});
/** Events at different times, in any order, split into batches anywhere. */
const history = fc.array(event, { minLength: 1, maxLength: 14 }).chain((list) => {
  const events = list.map((e, at): CounterEvent => ({ ...e, at, quantity: e.action === "set" ? Math.abs(e.quantity) : e.quantity }));
  const order = fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length });
  return fc.record({ order, cuts: fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }) });
});

describe("a counter", () => {
  test("comes to the newest set and all adds after it, in whatever order and batches events arrive", () => {
    fc.assert(
      fc.property(history, ({ order, cuts }) => {
        const batches: CounterEvent[][] = [[]];
        order.forEach((e, i) => {
          if (cuts[i]) batches.push([]);
          batches.at(-1)?.push(e);
        });
        const { used, counted } = total(batches);
        expect(used).toBe(oracle(order));
        expect(total(order.map((e) => [e]))).toEqual({ used, counted });
      }),
      { numRuns: 2_000 },
    );
  });

  test("of two sets at the same instant keeps the one that arrived last, and the adds that arrived after it", () => {
    const at = 5;
    const events: CounterEvent[] = [
      { action: "add", quantity: 1, at },
      { action: "set", quantity: 8, at },
      { action: "set", quantity: 3, at },
      { action: "add", quantity: 2, at },
    ];
    expect(total([events]).used).toBe(5);
    expect(total(events.map((e) => [e]))).toEqual({ used: 5, counted: [true, true, true, true] });
  });

  test("shows a sum below 0 as 0 and one past 2^53 - 1 as that, and keeps the true one", () => {
    const down: CounterEvent = { action: "add", quantity: -1, at: 0 };
    const up: CounterEvent = { action: "add", quantity: 1, at: 1 };
    expect([total([[down]]).used, total([[down], [up]]).used]).toEqual([0, 0]);
    const most: CounterEvent = { action: "add", quantity: maxUsed, at: 2 };
    expect([total([[most], [up]]).used, total([[most], [up], [down], [down]]).used]).toEqual([maxUsed, maxUsed - 1]);
  });
});
