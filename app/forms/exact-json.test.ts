import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isExactNumber, parseExactJson } from "./exact-json";

describe("a number is refused exactly when a double cannot hold it:", () => {
  test.each([
    "0",
    "-0.0",
    "1",
    "0.1",
    "9007199254740992",
    "18446744073709551616",
    "1e21",
    "1e23",
    "-2.50",
    "1E2",
    "5e-324",
    "52.520006599999997",
    "2.8319749478871032e226",
  ])("%s is held", (text) => expect(isExactNumber(text)).toBe(true));
  test.each([
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.0",
    "9.007199254740993e15",
    "18446744073709551615",
    "1e400",
    "1e-400",
  ])("%s is not held", (text) => expect(isExactNumber(text)).toBe(false));
  test("3.14159265358979323846 is not held", () => expect(isExactNumber("3.14159265358979323846")).toBe(false));

  test("every double is held as JavaScript writes it, and with 17 digits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(isExactNumber(String(n))).toBe(true);
        if (!Number.isInteger(n) || Math.abs(n) >= 1e17) expect(isExactNumber(n.toPrecision(17))).toBe(true);
      }),
    );
  });
});

test("JSON is read as by JSON.parse, with Infinity for each number that cannot be held", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => void expect(parseExactJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)))),
  );
  const text = '{"a":9007199254740993,"b":["9007199254740993",1e400,"\\"9007199254740993"],"c":12345678901234567.5,"d":1}';
  expect(parseExactJson(text)).toEqual({
    a: Number.POSITIVE_INFINITY,
    b: ["9007199254740993", Number.POSITIVE_INFINITY, '"9007199254740993'],
    c: Number.POSITIVE_INFINITY,
    d: 1,
  });
  expect(() => parseExactJson('{"a":90071992547409930000, b}')).toThrow(SyntaxError);
});
