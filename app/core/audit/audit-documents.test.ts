import { describe, expect, test } from "vitest";
import { actionWords } from "./action-words";
import { leaves, legible, onlyDifferent, withTimes } from "./audit-documents";

test.each([
  ["plan.entries_changed", "Plan entries changed"],
  ["api_key.created", "API key created"],
])("%s reads %s", (action, words) => expect(actionWords(action)).toBe(words));

describe("before and after", () => {
  const plan = (entries: [string, number | true][], revision: number) => ({
    plans: [{ key: "team", archivedAt: null, revision, entries: entries.map(([feature, value]) => ({ feature, value })) }],
  });

  test("of a plan with one more entry differ in that entry alone", () => {
    const before = plan([["b", 1]], 1);
    const after = plan(
      [
        ["a", true],
        ["b", 1],
      ],
      2,
    );
    expect(onlyDifferent(legible(before), legible(after))).toEqual({
      before: { plans: { team: { entries: {} } } },
      after: { plans: { team: { entries: { a: true } } } },
    });
  });
  test("of what is new leave out what it does not have", () => {
    const made = legible({ features: [{ key: "sso", name: "SSO", flag: null, revision: 3 }] });
    expect(onlyDifferent(null, made)).toEqual({ before: undefined, after: { features: { sso: { name: "SSO" } } } });
    expect(onlyDifferent(made, null)).toEqual({ before: { features: { sso: { name: "SSO" } } }, after: undefined });
  });
  test("keep null where it took the place of something", () => {
    expect(onlyDifferent({ note: "a" }, { note: null })).toEqual({ before: { note: "a" }, after: { note: null } });
    expect(onlyDifferent({ flag: { key: "beta" } }, { flag: null })).toEqual({ before: { flag: { key: "beta" } }, after: {} });
  });
  test("show instants as times, and leave alone what somebody else made up", () => {
    const grant = { id: "gr_1", endsAt: Date.UTC(2026, 11, 4), value: { createdAt: 5, plans: [{ key: 1 }] } };
    expect(legible({ grants: [grant], metadata: { seenAt: 7 } })).toEqual({
      grants: { gr_1: { endsAt: "2026-12-04T00:00:00.000Z", value: { createdAt: 5, plans: [{ key: 1 }] } } },
      metadata: { seenAt: 7 },
    });
  });
  test("are told to programs as they are, but for instants", () => {
    const grant = { id: "gr_1", endsAt: Date.UTC(2026, 11, 4), endedAt: null, value: { createdAt: 5 } };
    const tenant = { key: "acme", revision: 7, usageAnchor: Date.UTC(2026, 0, 31), grants: [grant], metadata: { seenAt: 7 } };
    expect(withTimes(tenant)).toEqual({
      ...tenant,
      usageAnchor: "2026-01-31T00:00:00.000Z",
      grants: [{ ...grant, endsAt: "2026-12-04T00:00:00.000Z" }],
    });
    expect([withTimes(null), withTimes(5)]).toEqual([null, 5]);
  });
  test("of equal documents are nothing", () => {
    expect(onlyDifferent({ a: [1], b: { c: 2 } }, { b: { c: 2 }, a: [1] })).toEqual({ before: undefined, after: undefined });
  });
  test("are counted by their values", () => {
    expect(leaves({ a: 1, b: { c: null, d: [1, 2] } })).toBe(4);
    expect(leaves(undefined)).toBe(0);
  });
});
