import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldText, lookAlikeProblem } from "./plain-text";

describe("search takes for the same:", () => {
  test.each([
    ["Café", "cafe\u0301"],
    ["CAFE", "café"],
    ["STRASSE", "Straße"],
    ["ΟΔΟΣ", "οδος"],
    ["İstanbul", "istanbul"],
    ["Łódź", "lodz"],
    ["Ørsted", "orsted"],
    ["ＡＣＭＥ", "acme"],
    ["a\u200bc\u00adme", "acme"],
    ["가", "\u1100\u1161"],
    ["が", "か\u3099"],
  ])("%s and %s", (a, b) => expect(foldText(a)).toBe(foldText(b)));

  test("and tells apart what is written with other letters", () => {
    for (const [a, b] of [
      ["か", "が"],
      ["कि", "कु"],
      ["acme", "acne"],
    ] as const)
      expect(foldText(a)).not.toBe(foldText(b));
  });

  test("text in either form and either case, folded once or twice, within 4.5 bytes per character of NFC", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
        const folded = foldText(text);
        expect(foldText(text.normalize("NFD"))).toBe(folded);
        // JavaScript writes the mark of an iota below a letter as a letter of its own in capitals.
        if (!text.normalize("NFD").includes("\u0345")) expect(foldText(text.toUpperCase())).toBe(folded);
        expect(foldText(folded)).toBe(folded);
        // An index entry of PostgreSQL has up to 2,704 bytes: enough for a name and a key of 200 characters each, which
        // must be NFC.
        expect(Buffer.byteLength(folded)).toBeLessThanOrEqual(4.5 * text.normalize("NFC").length);
      }),
      { numRuns: 2_000, examples: [["\u09dc"]] },
    );
  });
});

describe("a new key or name is refused", () => {
  test.each([
    ["a\u200bb", "U+200B"],
    ["a\u202eb", "U+202E"],
    ["\ufeffa", "U+FEFF"],
    ["a\u00adb", "U+00AD"],
    ["a\u2066b", "U+2066"],
    ["a\u3164", "U+3164"],
    ["a\u{e0041}", "U+E0041"],
    ["a\nb", "U+000A"],
    ["a\u2028b", "U+2028"],
    ["a ", "space"],
    ["\u00a0a", "space"],
    ["Cafe\u0301", "NFC"],
    ["\u212b", "NFC"],
  ])("as %j, with the reason", (text, reason) => {
    expect(lookAlikeProblem(text, "key")).toContain(reason);
    expect(lookAlikeProblem(text, "name")).toContain(reason);
  });

  test("never where it is written as people see it", () => {
    for (const text of ["Café", "a b", "acme", "🦊", "日本", "ключ", "tenant:1/x"]) {
      expect(lookAlikeProblem(text, "key")).toBeNull();
      expect(lookAlikeProblem(text, "name")).toBeNull();
    }
    for (const name of ["❤️ Labs", "👨‍👩‍👧", "می‌خواهم", "ക്‍"]) expect(lookAlikeProblem(name, "name")).toBeNull();
    expect(lookAlikeProblem("❤️", "key")).toContain("U+FE0F");
  });
});
