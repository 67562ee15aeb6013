import { describe, expect, test } from "vitest";
import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { readValue, writeValue } from "./feature-value";

const metered: FeatureKind = { type: "metered", meter: { resetPeriod: "month", soft: false, unit: null } };
const number: FeatureKind = { type: "config", config: { kind: "number", better: "higher" } };
const option: FeatureKind = { type: "config", config: { kind: "text", options: ["low", "high"] } };
const text: FeatureKind = { type: "config", config: { kind: "text", options: [] } };
const json: FeatureKind = { type: "config", config: { kind: "json" } };

describe("what is typed is read by the feature's type", () => {
  test.each<[FeatureKind, string | undefined, unknown]>([
    [{ type: "boolean" }, undefined, true],
    [metered, "0", 0],
    [metered, " 10,000 ", 10_000],
    [metered, "9007199254740991", Number.MAX_SAFE_INTEGER],
    [metered, "Unlimited", "unlimited"],
    [number, "-2.5", -2.5],
    [number, "1e3", 1000],
    [number, ".5", 0.5],
    [option, "high", "high"],
    [text, " any words ", "any words"],
    [json, '{"a": [null]}', { a: [null] }],
    [json, "false", false],
  ])("%j: %j", (kind, typed, value) => {
    expect(readValue(kind, typed)).toEqual({ ok: true, value });
  });

  test.each<[FeatureKind, string | undefined]>([
    [metered, undefined],
    [metered, ""],
    [metered, "-1"],
    [metered, "1.5"],
    [metered, "1,0"],
    [metered, "9007199254740992"],
    [metered, "lots"],
    [number, ""],
    [number, "1,5"],
    [number, "Infinity"],
    [number, "1e999"],
    [number, "0x10"],
    [option, ""],
    [option, "HIGH"],
    [text, "  "],
    [json, ""],
    [json, "null"],
    [json, "{"],
  ])("%j: %j is refused with a sentence", (kind, typed) => {
    expect(readValue(kind, typed)).toEqual({ ok: false, message: expect.stringMatching(/^[A-Zn].+\.$/) });
  });
});

test("what is written reads back as the same value", () => {
  for (const [kind, value] of [
    [metered, 10_000],
    [metered, "unlimited"],
    [number, -2.5],
    [option, "low"],
    [json, "a text"],
    [json, { a: [1, null] }],
  ] as const) {
    expect(readValue(kind, writeValue(kind, value as never))).toEqual({ ok: true, value });
  }
});
