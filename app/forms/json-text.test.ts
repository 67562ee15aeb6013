import fc from "fast-check";
import { expect, test } from "vitest";
import { readJson } from "./json-text";

test.each([
  ["", "Line 1, column 1: the text ends where a value should be."],
  ["nope", 'Line 1, column 1: this is not a JSON value: put text and names in "double quotes".'],
  ['{"a": 1,}', 'Line 1, column 9: there is } where a name in "double quotes" should be.'],
  ["{a: 1}", 'Line 1, column 2: this is not a JSON value: put text and names in "double quotes".'],
  ['{\n  "a" 1\n}', "Line 2, column 7: there is 1 where a colon should be."],
  ['{\n  "a": 1\n  "b": 2\n}', 'Line 3, column 3: there is " where a comma or } should be.'],
  ["[1 2]", "Line 1, column 4: there is 2 where a comma or ] should be."],
  ["[1,\n", "Line 2, column 1: the text ends where a value should be."],
  ['{"a": [1, {"b": tru}]}', 'Line 1, column 17: this is not a JSON value: put text and names in "double quotes".'],
  ['{"a": 1} x', 'Line 1, column 10: this is not a JSON value: put text and names in "double quotes".'],
  ['{"a": "x\ny"}', "Line 1, column 7: this text is not closed, or holds a line break or a wrong \\ sequence."],
  ['"\\x"', "Line 1, column 1: this text is not closed, or holds a line break or a wrong \\ sequence."],
  ["[01]", "Line 1, column 3: there is 1 where a comma or ] should be."],
  ["[1}", "Line 1, column 3: there is } where a comma or ] should be."],
  ['{"a": 1} []', "Line 1, column 10: there is [ where the end should be."],
  ['{"a": 1', "Line 1, column 8: the text ends where a comma or } should be."],
  ["[[1], [2]", "Line 1, column 10: the text ends where a comma or ] should be."],
  ["[1,]", "Line 1, column 4: there is ] where a value should be."],
  ["{}\r\n// end", "Line 2, column 1: comments are not allowed."],
  ["[1, /* two */ 2]", "Line 1, column 5: comments are not allowed."],
  ["[1.]", "Line 1, column 2: this number is not complete."],
  ["[1,\u00a02]", "Line 1, column 4: the character U+00A0 is not allowed here: use a space or a line break."],
  ["\ufeff{}", "Line 1, column 1: the character U+FEFF is not allowed here: use a space or a line break."],
  ["[1,\n\u20282]", "Line 2, column 1: the character U+2028 is not allowed here: use a space or a line break."],
  ["[\f1]", "Line 1, column 2: the character U+000C is not allowed here: use a space or a line break."],
  ["[true\u00a0]", "Line 1, column 6: the character U+00A0 is not allowed here: use a space or a line break."],
  ["[1\u200b]", "Line 1, column 3: the character U+200B is not allowed here: use a space or a line break."],
  [".5", "Line 1, column 1: this is not a JSON number: write it like 1, -1 or 0.5."],
  ["[+1]", "Line 1, column 2: this is not a JSON number: write it like 1, -1 or 0.5."],
  ["[-]", "Line 1, column 2: this is not a JSON number: write it like 1, -1 or 0.5."],
  ["{};", "Line 1, column 3: ; is not allowed here."],
  ["[1; 2]", "Line 1, column 3: ; is not allowed here."],
  ["['a']", 'Line 1, column 2: this is not a JSON value: put text and names in "double quotes".'],
  ["{}}", "Line 1, column 3: there is } where the end should be."],
  ['{"a": 1]', "Line 1, column 8: there is ] where a comma or } should be."],
])("%j is told where it stops being JSON", (text, message) => {
  expect(readJson(text)).toEqual({ ok: false, message });
});

test("whatever is JSON is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
});

/** JSON may still hold a number with too many digits. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("whatever is not is told with a place within the text, however deep it is nested", () => {
  const broken = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", ",", "}", "]", '"', "x", "\n", ":", "\u00a0", "\ufeff", "\u2028", "\f", ";", "-", "+", ".", "\u200b"),
    )
    .map(([text, at, put]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + put + text.slice(cut + 1);
    });
  fc.assert(
    fc.property(broken, (text) => {
      const read = readJson(text);
      if (read.ok || isJson(text)) return;
      const [, line, column] = /^Line (\d+), column (\d+): .+\.$/.exec(read.message) ?? [];
      const lines = text.split("\n");
      expect(Number(line)).toBeLessThanOrEqual(lines.length);
      expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1] ?? "").length + 1);
      expect(read.message).not.toContain("this is not JSON");
    }),
    { numRuns: 2_000 },
  );
  expect(readJson("[".repeat(20_000))).toEqual({ ok: false, message: "Line 1, column 501: this is nested more than 500 deep." });
});
