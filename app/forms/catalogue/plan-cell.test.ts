import { parseWithZod } from "@conform-to/zod/v4";
import { describe, expect, test } from "vitest";
import { configFeature, feature, meteredFeature } from "~tests/facts";
import { cellForm } from "./plan-cell";

const read = (of: Parameters<typeof cellForm>[0], fields: Record<string, string>) => {
  const submission = parseWithZod(new URLSearchParams({ was: "null", ...fields }), { schema: cellForm(of) });
  return submission.status === "success" ? submission.value.value : submission.reply().error;
};
const number = configFeature("n", { kind: "number", better: "lower" });
const text = configFeature("t", { kind: "text", options: ["basic", "best"] });
const json = configFeature("j", { kind: "json" });

describe("a cell's value is read by the feature's type:", () => {
  test.each([
    ["on", feature("f"), { gives: "own" }, true],
    ["a limit", meteredFeature("m"), { gives: "own", value: "10,000" }, 10_000],
    ["zero, which is a limit", meteredFeature("m"), { gives: "own", value: "0" }, 0],
    ["no limit", meteredFeature("m"), { gives: "own", value: "Unlimited" }, "unlimited"],
    ["a number", number, { gives: "own", value: "-2.5" }, -2.5],
    ["an option", text, { gives: "own", value: "best" }, "best"],
    ["JSON", json, { gives: "own", value: '{"a": [1, false]}' }, { a: [1, false] }],
    ["no entry, whatever stands in the field", number, { gives: "none", value: "5" }, null],
  ])("%s", (_what, of, fields, value) => expect(read(of, fields)).toEqual(value));

  test.each([
    ["a limit below zero", meteredFeature("m"), { gives: "own", value: "-1" }],
    ["half a unit", meteredFeature("m"), { gives: "own", value: "1.5" }],
    ["more than JavaScript counts to", meteredFeature("m"), { gives: "own", value: "9007199254740993" }],
    ["a word for a number", number, { gives: "own", value: "many" }],
    ["an option that is not there", text, { gives: "own", value: "worst" }],
    ["JSON that ends too early", json, { gives: "own", value: '{"a":' }],
    ["null, which is no value", json, { gives: "own", value: "null" }],
    ["nothing", number, { gives: "own", value: "" }],
  ])("%s is refused beside the field", (_what, of, fields) => expect(read(of, fields)).toEqual({ value: [expect.any(String)] }));

  test("a form without what its editor saw is refused", () => {
    expect(read(feature("f"), { gives: "own", was: "{" })).toEqual({ was: ["Open the cell again: this form is not whole."] });
    expect(read(feature("f"), { gives: "own", was: "" })).toEqual({ was: ["Open the cell again: this form is not whole."] });
  });
});
