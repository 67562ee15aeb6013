import { describe, expect, test } from "vitest";
import { catalogue, feature, meteredFeature, plan } from "~tests/facts";
import { fillOf, percentText } from "./limit-fill";
import { lowestPlanFor } from "./next-plan";
import { projectedUse } from "./projection";

test("a fill is rounded down, so that 80 % and 100 % are reached and not before", () => {
  expect([fillOf(7_999, 10_000), fillOf(79_999, 100_000), fillOf(8, 10), fillOf(99_999_999, 100_000_000)]).toEqual([
    7_999, 7_999, 8_000, 9_999,
  ]);
  expect([fillOf(10, 10), fillOf(15, 10), fillOf(0, 0), fillOf(3, "unlimited"), fillOf(3, null)]).toEqual([10_000, 15_000, 10_000, -1, -1]);
  expect([percentText(9_999), percentText(10_000), percentText(1_234_500), percentText(-1)]).toEqual(["99 %", "100 %", "12,345 %", null]);
});

describe("a projection", () => {
  const period = { start: 0, end: 1_000 };
  test("goes on as since the period's start, from a tenth of the period on", () => {
    expect(projectedUse({ used: 5, period, setAt: null }, 99)).toBeNull();
    expect(projectedUse({ used: 5, period, setAt: null }, 100)).toBe(50);
    expect(projectedUse({ used: 5, period, setAt: null }, 500)).toBe(10);
  });
  test("does not exist for a period without an end, or for use that is set", () => {
    expect(projectedUse({ used: 5, period: { start: null, end: null }, setAt: null }, 500)).toBeNull();
    expect(projectedUse({ used: 5, period, setAt: 10 }, 500)).toBeNull();
  });
});

test("the next plan is the lowest that has the feature, or the lowest with a higher limit", () => {
  const plans = [
    plan("free", {}, { rank: 1 }),
    plan("pro", { sso: true, calls: 10 }, { rank: 2 }),
    plan("max", { sso: true, calls: 20 }, { rank: 3 }),
    plan("same", { calls: 10 }, { rank: 2 }),
  ];
  const of = catalogue([feature("sso"), meteredFeature("calls")], plans);
  const next = (feature: string, current: string) => lowestPlanFor(of, feature, current);
  expect([next("sso", "free"), next("sso", ""), next("sso", "pro"), next("calls", "pro"), next("calls", "max")]).toEqual([
    "pro",
    "pro",
    null,
    "max",
    null,
  ]);
});
