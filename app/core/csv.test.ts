import { expect, test } from "vitest";
import { csvText } from "./csv";

test("cells with commas, quotes and lines are quoted, and null is empty", () => {
  expect(csvText([["a,b", 'say "hi"', "two\nlines", null, 3]])).toBe('"a,b","say ""hi""","two\nlines",,3\r\n');
});

test.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])(
  "a text that a spreadsheet takes for a formula gets an apostrophe: %j",
  (text) => {
    expect(csvText([[text]]).replaceAll('"', "")).toBe(`'${text}\r\n`);
  },
);

test("a negative number stays a number", () => {
  expect(csvText([[-1]])).toBe("-1\r\n");
});
