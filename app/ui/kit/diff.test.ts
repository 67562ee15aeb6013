import { expect, test } from "vitest";
import { diffLines } from "./diff";

test("shows a line for each value that changed and none for what stayed", () => {
  const before = { name: "Acme", plan: "free", addOns: [], metadata: { seats: 5, old: true } };
  const after = { name: "Acme", plan: "premium", addOns: ["duo"], metadata: { seats: 50 } };
  expect(diffLines(before, after)).toEqual([
    { path: "plan", before: '"free"', after: '"premium"' },
    { path: "addOns", before: "[]", after: '["duo"]' },
    { path: "metadata.seats", before: "5", after: "50" },
    { path: "metadata.old", before: "true", after: undefined },
  ]);
});

test("what is new or gone has one side only, and null is a value", () => {
  expect(diffLines(undefined, { end: null })).toEqual([{ path: "end", before: undefined, after: "null" }]);
  expect(diffLines({ list: [{ a: 1 }] }, undefined)).toEqual([{ path: "list.0.a", before: "1", after: undefined }]);
  expect(diffLines({ a: 1 }, { a: 1 })).toEqual([]);
});
