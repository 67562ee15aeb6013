import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFault } from "./json-scan";

const none = Number.POSITIVE_INFINITY;
const faultOf = (text: string, { maxValues = none, maxDepth = none } = {}) => jsonFault(Buffer.from(text), { maxValues, maxDepth });

/** Names and values inside of a value; an empty list or object is one more. */
function countIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.values(value);
  const names = Array.isArray(value) ? 0 : inner.length;
  return Math.max(1, names + inner.length) + inner.reduce((sum: number, one) => sum + countIn(one), 0);
}
const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test("JSON passes at its own count and depth and is refused one below, whatever its texts hold", () => {
  const text = fc.string({ unit: fc.constantFrom('"', "\\", ",", ":", "[", "]", "{", "}", "a", "é", "🎉") });
  const value = fc.jsonValue({ stringUnit: "grapheme" });
  fc.assert(
    fc.property(fc.oneof(value, fc.array(text), fc.dictionary(text, fc.array(value))), fc.boolean(), (sent, isIndented) => {
      const json = JSON.stringify(sent, null, isIndented ? 2 : undefined);
      const parsed = JSON.parse(json);
      const [maxValues, maxDepth] = [countIn(parsed), depthOf(parsed)];
      expect(faultOf(json, { maxValues, maxDepth })).toBeNull();
      if (maxValues > 0) expect(faultOf(json, { maxValues: maxValues - 1 })).toBe("too_many_values");
      if (maxDepth > 0) expect(faultOf(json, { maxDepth: maxDepth - 1 })).toBe("too_deep");
    }),
    { numRuns: 2_000 },
  );
});

test("the scan stops at the first value too many, however long the rest is", () => {
  const start = "[1,".repeat(10);
  // Nothing after the start is needed: reading it would throw.
  const bytes = new Proxy(new Uint8Array(Buffer.from(start)), {
    get: (target, name) => {
      if (name === "length") return 1_000_000_000;
      if (Number(name) >= start.length) throw new Error("This byte was looked at.");
      return Reflect.get(target, name);
    },
  });
  expect(jsonFault(bytes, { maxValues: 15, maxDepth: none })).toBe("too_many_values");
  expect(jsonFault(bytes, { maxValues: none, maxDepth: 9 })).toBe("too_deep");
});
