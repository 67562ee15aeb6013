import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJsonMaps } from "./json-with-maps";
import { readLinedYaml } from "./yaml-with-lines";

const name = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "10", "a", "", "<<", "null", "~"));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    name,
    fc.constantFrom(null, true, false, -0, 0.1, 1e21, 1e19, "yes", "0x10", "1e5", "2026-01-01"),
    fc.double({ noNaN: true }),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(name, tie("tree"), { maxKeys: 5 }),
  ),
}));

describe("a JSON object", () => {
  test("that is read is the same as the YAML reader's", () => {
    let read = 0;
    fc.assert(
      fc.property(fc.dictionary(name, tree, { maxKeys: 5 }), fc.constantFrom(undefined, 2, "\t"), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const found = readJsonMaps(text);
        const lined = readLinedYaml(text);
        if (found !== null) read += 1;
        expect(lined.ok ? lined.tree : null).toEqual(found);
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(500);
  });

  test.each([
    ["a name that stands twice", '{"a":1,"a":2}'],
    ["a number with too many digits", '{"a":0.12345678901234567890123}'],
    ["a number that is too large", '{"a":1e400}'],
    ["half of a pair", '{"a":"\\ud800"}'],
    ["a name with a NUL", '{"\\u0000":1}'],
    ["a comment", '{"a":1} // one'],
    ["a trailing comma", '{"a":1,}'],
    ["a second value", '{"a":1}{"b":2}'],
    ["YAML", "a: 1"],
    ["a list", "[1]"],
    ["no end", '{"a":{'],
    ["a great depth", '{"a":'.repeat(100_000)],
    ["more depth than a file may have", `${'{"a":'.repeat(100)}1${"}".repeat(100)}`],
  ])("with %s is left to the YAML reader", (_, text) => {
    expect(readJsonMaps(text)).toBe(null);
  });

  test("may be as deep as the YAML reader allows", () => {
    const text = `${'{"a":'.repeat(90)}1${"}".repeat(90)}`;
    expect(readLinedYaml(text)).toMatchObject({ ok: true, tree: readJsonMaps(text) });
  });
});
