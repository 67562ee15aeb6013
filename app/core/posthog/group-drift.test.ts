import { expect, test } from "vitest";
import { groupDrift } from "./group-properties";

test("only the properties that are ours and differ are named, with both sides", () => {
  const ours = { plan: "pro", add_ons: ["a", "b"], rank: 20, gone: null, seats: 3 };
  const theirs = { plan: "starter", add_ons: ["a", "b"], rank: 20, seats: "3", set_by_the_app: 1 };
  expect(groupDrift(ours, theirs)).toEqual({ ours: { plan: "pro", seats: 3 }, theirs: { plan: "starter", seats: "3" } });
});

test("what a tenant lacks may be absent or an empty text at PostHog, and nothing else; an object's order of keys does not count", () => {
  expect(groupDrift({ gone: null, meta: { a: 1, b: 2 } }, { meta: { b: 2, a: 1 } })).toBeNull();
  expect(groupDrift({ gone: null }, { gone: "" })).toBeNull();
  expect(groupDrift({ gone: null }, { gone: "still here" })).toEqual({ ours: { gone: "" }, theirs: { gone: "still here" } });
  expect(groupDrift({ gone: null }, { gone: null })).toEqual({ ours: { gone: "" }, theirs: { gone: null } });
  expect(groupDrift({ name: "Acme" }, {})).toEqual({ ours: { name: "Acme" }, theirs: { name: null } });
});

test("a property that is named as something of every object is no surprise", () => {
  expect(groupDrift({ constructor: "x", metadata_toString: null }, {})).toEqual({
    ours: { constructor: "x" },
    theirs: { constructor: null },
  });
});
