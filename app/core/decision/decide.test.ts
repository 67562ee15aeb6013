import { describe, expect, test } from "vitest";
import type { Feature, FlagReading, Grant, TenantFacts, Value } from "~/core/model";
import { day } from "~/core/time";
import {
  addOn,
  catalogue,
  configFeature,
  denial,
  feature,
  flagTie,
  meteredFeature,
  now,
  override,
  plan,
  tenant,
  trial,
} from "~tests/facts";
import { type Decision, decide, type ReasonCode } from "./decide";

/** Every input of the rules, empty: rule 9 alone. */
type Scene = {
  noTenant: boolean;
  noFeature: boolean;
  archived: boolean;
  status: TenantFacts["status"];
  grants: ((value: Value) => Grant)[];
  flag: FlagReading | null;
  rule: "grant" | "gate" | "both";
  inPlan: boolean;
  inAddOn: boolean;
};
const emptyScene: Scene = {
  noTenant: false,
  noFeature: false,
  archived: false,
  status: "active",
  grants: [],
  flag: null,
  rule: "both",
  inPlan: false,
  inAddOn: false,
};

/** The design's list in order: what makes a rule match, and its result. */
const rules: { name: string; when: (scene: Scene, value: Value) => Partial<Scene>; says: [boolean, ReasonCode, Decision["source"]] }[] = [
  { name: "no such tenant", when: () => ({ noTenant: true }), says: [false, "tenant_not_found", null] },
  { name: "no such feature", when: () => ({ noFeature: true }), says: [false, "feature_not_found", null] },
  { name: "archived feature", when: () => ({ archived: true }), says: [false, "feature_archived", null] },
  { name: "suspended tenant", when: () => ({ status: "suspended" }), says: [false, "tenant_suspended", null] },
  { name: "archived tenant", when: () => ({ status: "archived" }), says: [false, "tenant_archived", null] },
  {
    name: "override that allows",
    when: (s) => ({ grants: [...s.grants, (value) => override("f", { value })] }),
    says: [true, "override", "override"],
  },
  { name: "override that denies", when: (s) => ({ grants: [...s.grants, () => denial("f")] }), says: [false, "override", "override"] },
  { name: "flag that gates", when: () => ({ flag: { state: "off" } }), says: [false, "flag_off", "flag"] },
  { name: "plan", when: () => ({ inPlan: true }), says: [true, "plan", "plan"] },
  { name: "add-on", when: () => ({ inAddOn: true }), says: [true, "add_on", "add_on"] },
  { name: "trial", when: (s) => ({ grants: [...s.grants, (value) => trial("f", { value })] }), says: [true, "trial", "trial"] },
  {
    name: "flag that grants",
    when: (_, payload) => ({ flag: { state: "on", payload } }),
    says: [true, "flag_on", "flag"],
  },
  { name: "nothing", when: () => ({}), says: [false, "not_in_plan", null] },
];

const types: { type: string; make: (more: Partial<Feature>) => Feature; value: Value }[] = [
  { type: "boolean", make: (more) => feature("f", more as object), value: true },
  { type: "number", make: (more) => configFeature("f", { kind: "number", better: "higher" }, more as object), value: 7 },
  { type: "options", make: (more) => configFeature("f", { kind: "text", options: ["low", "top"] }, more as object), value: "top" },
  { type: "metered", make: (more) => meteredFeature("f", {}, more as object), value: 100 },
];

function decideScene(scene: Scene, { make, value }: (typeof types)[number], used = 0): Decision {
  const f = make({ archivedAt: scene.archived ? now - day : null, flag: scene.flag ? flagTie(scene.rule) : null });
  return decide({
    tenant: scene.noTenant
      ? null
      : tenant({ status: scene.status, plan: "base", addOns: ["extra"], grants: scene.grants.map((grant) => grant(value)) }),
    catalogue: catalogue(scene.noFeature ? [] : [f], [
      plan("base", scene.inPlan ? { f: value } : {}),
      addOn("extra", scene.inAddOn ? { f: value } : {}),
    ]),
    feature: "f",
    now,
    usage: { used },
    flag: scene.flag ?? undefined,
  });
}

const said = (d: Decision) => [d.entitled, d.reason, d.source];
/** Two rules that exclude each other because of the same fact. */
const exclude = [
  ["suspended tenant", "archived tenant"],
  ["override that allows", "override that denies"],
  ["flag that gates", "flag that grants"],
];

describe.each(types)("the ordered list, for a $type feature", (type) => {
  test.each(rules)("$name alone decides by itself", ({ when, says }) => {
    expect(said(decideScene({ ...emptyScene, ...when(emptyScene, type.value) }, type))).toEqual(says);
  });

  const pairs = rules.flatMap((first, i) => rules.slice(i + 1).map((second) => ({ first, second })));
  const possible = pairs.filter(({ first, second }) => !exclude.some((names) => names.includes(first.name) && names.includes(second.name)));
  test.each(possible)("$first.name comes before $second.name", ({ first, second }) => {
    const one = { ...emptyScene, ...second.when(emptyScene, type.value) };
    const both = { ...one, ...first.when(one, type.value) };
    expect(said(decideScene(both, type))).toEqual(first.says);
  });

  test("all rules at once are taken away from the top, and each time the next one decides", () => {
    const ladder = rules.filter((r) => !["archived tenant", "override that denies", "flag that grants"].includes(r.name));
    for (let top = 0; top < ladder.length; top += 1) {
      const scene = { ...emptyScene };
      for (const rule of ladder.slice(top).reverse()) Object.assign(scene, rule.when(scene, type.value));
      expect(said(decideScene(scene, type))).toEqual(ladder[top]?.says);
    }
  });
});

describe("the limit, asked after a yes", () => {
  const metered = types[3] as (typeof types)[number];
  const yes = rules.filter((r) => r.says[0]);
  const no = rules.filter((r) => !r.says[0]);

  test.each(yes)("$name gives 100: the 100th is a yes, the 101st is limit_reached", ({ when, says }) => {
    const scene = { ...emptyScene, ...when(emptyScene, 100) };
    expect(said(decideScene(scene, metered, 99))).toEqual(says);
    expect(said(decideScene(scene, metered, 100))).toEqual([false, "limit_reached", says[2]]);
  });

  test.each(no)("$name stays the reason when the limit is reached too", ({ when, says }) => {
    expect(said(decideScene({ ...emptyScene, ...when(emptyScene, 100) }, metered, 1_000))).toEqual(says);
  });
});

describe("what a flag's rule lets it do", () => {
  const ask = (rule: Scene["rule"], state: "on" | "off", inPlan: boolean) =>
    decideScene({ ...emptyScene, rule, inPlan, flag: { state } }, types[0] as (typeof types)[number]);

  test.each([
    ["grant", "on", false, "flag_on"],
    ["grant", "off", false, "not_in_plan"],
    ["grant", "off", true, "plan"],
    ["gate", "on", false, "not_in_plan"],
    ["gate", "on", true, "plan"],
    ["gate", "off", true, "flag_off"],
    ["both", "on", false, "flag_on"],
    ["both", "off", true, "flag_off"],
    ["both", "off", false, "flag_off"],
  ] as const)("rule %s, flag %s, in the plan %s: %s", (rule, state, inPlan, reason) => {
    expect(ask(rule, state, inPlan).reason).toBe(reason);
  });

  test.each([
    ["grant", "on", "flag_on"],
    ["grant", "off", "not_in_plan"],
    ["grant", "last", "not_in_plan"],
    ["gate", "on", "not_in_plan"],
    ["gate", "off", "flag_off"],
    ["gate", "last", "not_in_plan"],
    ["both", "on", "flag_on"],
    ["both", "off", "flag_off"],
    ["both", "last", "not_in_plan"],
  ] as const)("rule %s, never an answer, unknown means %s: %s", (rule, whenUnknown, reason) => {
    const shop = catalogue([feature("f", { flag: flagTie(rule, { whenUnknown }) })]);
    for (const flag of [undefined, { state: "unknown" } as const]) {
      expect(decide({ tenant: tenant(), catalogue: shop, feature: "f", now, flag }).reason).toBe(reason);
    }
  });
});

describe("names that JavaScript's objects know", () => {
  const names = ["constructor", "toString", "hasOwnProperty", "valueOf"];

  test.each([...names, "__proto__"])("a feature that nobody made, asked for as %s, is not found", (name) => {
    expect(decide({ tenant: tenant({ plan: "base" }), catalogue: catalogue([], [plan("base")]), feature: name, now }).reason).toBe(
      "feature_not_found",
    );
  });

  test.each(names)("a plan and a feature called %s decide like any other", (name) => {
    const shop = catalogue([feature(name), feature("other")], [plan(name, { other: true }), plan("real", { [name]: true })]);
    const ask = (held: string, asked: string) => decide({ tenant: tenant({ plan: held }), catalogue: shop, feature: asked, now }).reason;
    expect([ask("real", name), ask(name, name), ask(name, "other"), ask("gone", "other")]).toEqual([
      "plan",
      "not_in_plan",
      "plan",
      "not_in_plan",
    ]);
  });
});

describe("plans", () => {
  const shop = catalogue(
    [feature("f")],
    [
      plan("low", { f: true }, { rank: 1 }),
      plan("mid", {}, { rank: 2, includes: "low" }),
      plan("high", {}, { rank: 3, includes: "mid" }),
      plan("old", { f: true }, { rank: 0, archivedAt: now - day }),
      plan("heir", {}, { rank: 9, includes: "old" }),
      plan("round", {}, { rank: 20, includes: "about" }),
      plan("about", {}, { rank: 21, includes: "round" }),
      plan("self", {}, { rank: 22, includes: "self" }),
      plan("orphan", {}, { rank: 23, includes: "gone" }),
      addOn("extra", {}, { rank: 30, includes: "low" }),
    ],
  );
  const ask = (held: Partial<Parameters<typeof tenant>[0] & object>) =>
    decide({ tenant: tenant(held), catalogue: shop, feature: "f", now });

  test("a plan has what the plans that it includes have, however deep, and says whose entry it is", () => {
    expect(ask({ plan: "high" }).sources).toEqual([{ source: "plan", plan: "high", from: "low", value: true, wins: true }]);
    expect(ask({ addOns: ["extra"] }).sources).toEqual([{ source: "add_on", plan: "extra", from: "low", value: true, wins: true }]);
  });

  test.each(["round", "about", "self", "orphan", "gone"])("includes that lead nowhere (%s) end the walk and give nothing", (key) => {
    expect(ask({ plan: key })).toMatchObject({ entitled: false, reason: "not_in_plan", sources: [] });
  });

  test("who has an archived plan keeps what it gives, and so does a plan that includes it", () => {
    expect(ask({ plan: "old" }).reason).toBe("plan");
    expect(ask({ plan: "heir" }).reason).toBe("plan");
  });

  test("a no names the plans and add-ons that have it, cheapest first, without archived ones", () => {
    expect(ask({}).availableIn).toEqual(["low", "mid", "high", "heir", "extra"]);
  });

  test("no other answer names plans", () => {
    expect(ask({ plan: "low" }).availableIn).toEqual([]);
    expect(ask({ status: "suspended" }).availableIn).toEqual([]);
    expect(ask({ grants: [denial("f")] }).availableIn).toEqual([]);
  });
});
