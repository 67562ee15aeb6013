import { describe, expect, test } from "vitest";
import { addOn, catalogue, configFeature, feature, meteredFeature, plan } from "~tests/facts";
import { countDifferences, planBelow, planDifference } from "./plan-difference";

const world = catalogue(
  [
    feature("sso", { name: "Single sign-on", group: "Security" }),
    meteredFeature("calls", { unit: "calls" }, { name: "API calls" }),
    configFeature("doc", { kind: "json" }, { name: "Document" }),
    feature("old", { archivedAt: 1 }),
  ],
  [
    plan("free", { calls: 10, doc: { a: 1, b: 2 } }, { rank: 1 }),
    plan("gone", { calls: 20 }, { rank: 2, archivedAt: 1 }),
    plan("pro", { sso: true, calls: 100, old: true }, { rank: 3, includes: "free", name: "Pro" }),
    plan("other", { doc: { b: 2, a: 1 } }, { rank: 4 }),
    addOn("more", { calls: 5 }, { rank: 5 }),
    addOn("most", { sso: true }, { rank: 6, includes: "more" }),
  ],
);
const below = (key: string) => planBelow(world, world.plans.get(key) as never)?.key ?? null;
const kinds = (key: string, other: string | null) =>
  Object.fromEntries(planDifference(world, key, other).map((row) => [row.key, row.kind]));

test("a plan builds on the one that it includes, or on the active plan of the next lower rank; an add-on on no plan", () => {
  expect([below("free"), below("gone"), below("pro"), below("other"), below("more"), below("most")]).toEqual([
    null,
    "free",
    "free",
    "pro",
    null,
    "more",
  ]);
});

describe("the difference of two plans", () => {
  test("has each active feature that one of them gives, once, with what it does to it", () => {
    expect(kinds("pro", "free")).toEqual({ sso: "adds", calls: "changes", doc: "same" });
    expect(kinds("free", "pro")).toEqual({ sso: "lacks", calls: "changes", doc: "same" });
    expect(kinds("more", null)).toEqual({ calls: "adds" });
  });
  test("takes JSON with its fields in another order for the same", () => {
    expect(kinds("other", "free")).toMatchObject({ doc: "same" });
  });
  test("names what each gives and from which plan, in order of group and name", () => {
    expect(planDifference(world, "pro", "other")).toMatchObject([
      { key: "sso", gives: "on", otherGives: null, from: null },
      { key: "calls", gives: "100 calls", otherGives: null, from: null },
      { key: "doc", from: "free", kind: "same" },
    ]);
  });
  test("is counted by kind", () => {
    expect(countDifferences(planDifference(world, "pro", "free"))).toEqual({ adds: 1, changes: 1, lacks: 0, same: 1 });
  });
});
