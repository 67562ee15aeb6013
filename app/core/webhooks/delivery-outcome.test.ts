import { expect, test } from "vitest";
import { day, hour, minute } from "~/core/time";
import { outcomeOfAttempt } from "./delivery-outcome";
import { failureWindowMs, nextAttemptAfter, pausedUntil } from "./retry-schedule";

const healthy = { failures: 0, failingSince: null };
const refusal = { status: 500, error: "The receiver answered 500.", isGone: false };
const success = { status: 204, error: null, isGone: false };

test("a delivery is tried 11 times within three days, each wait longer than the one before", () => {
  const waits: number[] = [];
  for (let attempts = 1; nextAttemptAfter(attempts, 0) !== null; attempts++) waits.push(nextAttemptAfter(attempts, 0) as number);
  expect(waits).toEqual([5_000, minute, 5 * minute, 30 * minute, ...[2, 5, 10, 14, 18, 22].map((hours) => hours * hour)]);
  expect(waits.reduce((a, b) => a + b)).toBe(71 * hour + 36 * minute + 5_000);
});

test("a success ends a delivery and the endpoint's failures", () => {
  expect(outcomeOfAttempt({ attempts: 2, isManual: false }, { failures: 7, failingSince: 1 }, success, 9)).toEqual({
    delivery: { state: "delivered", attempts: 3, nextAttemptAt: null },
    endpoint: { failures: 0, failingSince: null, pausedUntil: null, lastDeliveredAt: 9 },
    disable: null,
  });
});

test("a failure keeps the delivery pending until the next attempt", () => {
  expect(outcomeOfAttempt({ attempts: 0, isManual: false }, healthy, refusal, 1_000)).toEqual({
    delivery: { state: "pending", attempts: 1, nextAttemptAt: 6_000 },
    endpoint: { failures: 1, failingSince: 1_000, pausedUntil: null },
    disable: null,
  });
});

test("an endpoint is disabled once it failed for three days, not a millisecond before, or once a delivery has no attempts left", () => {
  const failing = { failures: 3, failingSince: 0 };
  const at = (now: number, attempts = 1) => outcomeOfAttempt({ attempts, isManual: false }, failing, refusal, now).disable;
  expect(at(failureWindowMs - 1)).toBe(null);
  expect(at(failureWindowMs)).toBe("Deliveries failed for three days. The last time: The receiver answered 500.");
  expect(at(day, 9)).toBe(null);
  expect(at(day, 10)).not.toBe(null);
});

test("an answer of 410 disables the endpoint, and the delivery waits for it to be enabled", () => {
  const gone = { status: 410, error: "The receiver answered 410.", isGone: true };
  const { delivery, disable } = outcomeOfAttempt({ attempts: 0, isManual: false }, healthy, gone, 0);
  expect([delivery.state, disable]).toEqual(["pending", "The receiver answered 410: it wants no more events."]);
});

test("a test is tried once and changes nothing of the endpoint, whatever the answer", () => {
  const manual = { attempts: 0, isManual: true };
  expect(outcomeOfAttempt(manual, healthy, { ...refusal, isGone: true }, 0)).toEqual({
    delivery: { state: "failed", attempts: 1, nextAttemptAt: null },
    endpoint: null,
    disable: null,
  });
  expect(outcomeOfAttempt(manual, healthy, success, 0).delivery.state).toBe("delivered");
});

test("the pause of an endpoint begins at the fifth failure and grows to five minutes", () => {
  expect([4, 5, 6, 7, 20].map((failures) => pausedUntil(failures, 0))).toEqual([null, 15_000, 30_000, minute, 5 * minute]);
});
