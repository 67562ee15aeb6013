import { describe, expect, test } from "vitest";
import type { Feature, Value } from "~/core/model";
import { configFeature, feature, meteredFeature } from "~tests/facts";
import { addLimits, isHigherLimit, isLimit, valueProblem } from "./values";

const most = Number.MAX_SAFE_INTEGER;

describe("limits", () => {
  test("are whole numbers from 0 to 2^53 - 1, or the word unlimited", () => {
    expect([0, 1, most, "unlimited"].every(isLimit)).toBe(true);
    for (const no of [-1, 0.5, most + 1, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, true, "5", "Unlimited", [], {}]) {
      expect(isLimit(no)).toBe(false);
    }
  });

  test("add up, stay within what JavaScript can hold, and are absorbed by unlimited", () => {
    expect([addLimits(1, 2), addLimits(most, 1), addLimits("unlimited", 0), addLimits(0, "unlimited")]).toEqual([
      3,
      most,
      "unlimited",
      "unlimited",
    ]);
  });

  test("are higher than another only when they give more", () => {
    expect([isHigherLimit(2, 1), isHigherLimit("unlimited", most)]).toEqual([true, true]);
    expect([isHigherLimit(1, 1), isHigherLimit(1, 2), isHigherLimit(most, "unlimited"), isHigherLimit("unlimited", "unlimited")]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("a value fits its feature", () => {
  const number = configFeature("f", { kind: "number", better: "lower" });
  const options = configFeature("f", { kind: "text", options: ["a", "b"] });
  const text = configFeature("f", { kind: "text", options: [] });
  const json = configFeature("f", { kind: "json" });

  test.each<[string, Feature, Value[]]>([
    ["boolean", feature("f"), [true]],
    ["metered", meteredFeature("f"), [0, 7, "unlimited"]],
    ["number", number, [-1.5, 0, 9]],
    ["options", options, ["a", "b"]],
    ["text", text, ["anything"]],
    ["JSON", json, [false, 0, "", [], {}]],
  ])("%s: accepted", (_, f, values) => {
    for (const value of values) expect(valueProblem(f, value)).toBeNull();
  });

  test.each<[string, Feature, (Value | undefined)[], RegExp]>([
    ["boolean", feature("f"), [false, 1, "true", null, undefined], /its value is true/],
    ["metered", meteredFeature("f"), [-1, 1.5, "10", true, null, undefined], /a whole number from 0, or "unlimited"/],
    ["number", number, ["5", null, true, Number.NaN, Number.POSITIVE_INFINITY], /must be a number/],
    ["options", options, ["c", ""], /must be one of a, b/],
    ["options of another type", options, [1, null], /must be text/],
    ["text", text, [1, null, []], /must be text/],
    ["JSON", json, [null], /must not be null/],
    ["any config left out", json, [undefined], /needs a value/],
  ])("%s: refused with what would fit", (_, f, values, problem) => {
    for (const value of values) expect(valueProblem(f, value)).toMatch(problem);
  });
});
