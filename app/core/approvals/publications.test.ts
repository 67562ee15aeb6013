import { expect, test } from "vitest";
import type { CatalogueFacts, Feature, Plan } from "~/core/model";
import { addOn, configFeature, feature, meteredFeature, plan } from "~tests/facts";
import { plansThatLose } from "./publications";

const features: Feature[] = [
  feature("sso"),
  meteredFeature("calls"),
  configFeature("region", { kind: "text", options: ["one", "all"] }),
  configFeature("delay", { kind: "number", better: "lower" }),
  configFeature("theme", { kind: "json" }),
  feature("old", { archivedAt: 1 }),
];
const plans: Plan[] = [
  plan("free", { calls: 10 }, { rank: 1 }),
  plan("team", { sso: true, region: "one", delay: 5, theme: { a: 1, b: 2 }, old: true }, { rank: 2, includes: "free" }),
  plan("big", { calls: "unlimited" }, { rank: 3, includes: "team" }),
  addOn("boost", { calls: 5 }, { rank: 4 }),
];
const facts = (more: Partial<CatalogueFacts>): CatalogueFacts => ({ revision: 1, features, plans, ...more });
/** Those that lose if one plan has these entries. */
const losing = (key: string, entries: Parameters<typeof plan>[1], more: Partial<Plan> = {}) => {
  const after = plans.map((p) =>
    p.key === key ? { ...plan(key, entries), kind: p.kind, rank: p.rank, includes: p.includes, ...more } : p,
  );
  return plansThatLose(facts({}), facts({ plans: after })).sort();
};
const team = { sso: true, region: "one", delay: 5, theme: { a: 1, b: 2 }, old: true } as const;

test("a removed entry or a lower limit takes from the plan and from those that inherit it", () => {
  expect(losing("free", {})).toEqual(["free", "team"]);
  expect(losing("free", { calls: 9 })).toEqual(["free", "team"]);
  expect(losing("big", { calls: 1_000_000 })).toEqual(["big"]);
  expect(losing("big", {})).toEqual(["big"]);
  expect(losing("boost", {})).toEqual(["boost"]);
  const { sso: _, ...withoutSso } = team;
  expect(losing("team", withoutSso)).toEqual(["big", "team"]);
  expect(losing("big", { calls: "unlimited" }, { includes: null })).toEqual(["big"]);
});

test("more of a feature, another order and what is archived take nothing", () => {
  expect(losing("free", { calls: 10, sso: true })).toEqual([]);
  expect(losing("free", { calls: "unlimited" })).toEqual([]);
  expect(losing("team", { ...team, region: "all", delay: 4, theme: { b: 2, a: 1 } })).toEqual([]);
  const { old: _, ...withoutOld } = team;
  expect(losing("team", withoutOld)).toEqual([]);
  expect(losing("free", { calls: 10 }, { archivedAt: 5 })).toEqual([]);
  const created = [...plans, plan("new", {}, { rank: 9 })];
  expect(plansThatLose(facts({}), facts({ plans: created }))).toEqual([]);
});

test("a worse value, or another one of those without an order, takes something", () => {
  expect(losing("team", { ...team, delay: 6 })).toEqual(["big", "team"]);
  expect(losing("team", { ...team, theme: { a: 2 } })).toEqual(["big", "team"]);
});

test("an archived feature takes from every plan that gives it", () => {
  const archived = features.map((f) => (f.key === "calls" ? { ...f, archivedAt: 7 } : f));
  expect(plansThatLose(facts({}), facts({ features: archived })).sort()).toEqual(["big", "boost", "free", "team"]);
  expect(plansThatLose(facts({ features: archived }), facts({ features: archived }))).toEqual([]);
});
