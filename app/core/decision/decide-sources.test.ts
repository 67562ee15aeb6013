import { describe, expect, test } from "vitest";
import type { Feature, TenantFacts } from "~/core/model";
import { day, hour } from "~/core/time";
import {
  addOn,
  catalogue,
  denial,
  feature,
  flagTie,
  frozen,
  lastSeen,
  meteredFeature,
  now,
  override,
  plan,
  tenant,
  trial,
} from "~tests/facts";
import { decide, type Question } from "./decide";

const grant = { flag: flagTie("grant") };

/** A tenant with every kind of source. */
function ask(f: Feature, value: true | number, more: Partial<Question> & { has?: Partial<TenantFacts> } = {}) {
  const { has, ...rest } = more;
  return decide({
    tenant: { ...tenant({ plan: "pro", addOns: ["extra"], grants: [trial("f", { value })] }), ...has },
    catalogue: catalogue([f], [plan("base", { f: value }), plan("pro", {}, { includes: "base" }), addOn("extra", { f: value })]),
    feature: "f",
    now,
    ...rest,
  });
}

describe("sources", () => {
  test("each says what it gives and until when, and exactly the winner is marked", () => {
    const both = [override("f", { value: 3, endsAt: now + day }), trial("f", { value: 10 })];
    expect(ask(meteredFeature("f", {}, grant), 10, { flag: { state: "on", payload: 99 }, has: { grants: both } }).sources).toEqual([
      { source: "override", grant: "gr_override", effect: "allow", value: 3, expiresAt: now + day, wins: true },
      { source: "plan", plan: "pro", from: "base", value: 10 },
      { source: "add_on", plan: "extra", from: "extra", value: 10 },
      { source: "trial", grant: "gr_trial", value: 10, expiresAt: now + 14 * day },
      { source: "flag", flag: "the-flag", state: "on", value: 99 },
    ]);
  });

  test("a denial has no value, and is the winner of the no", () => {
    const decision = ask(feature("f"), true, { has: { grants: [denial("f")] } });
    expect(decision.sources[0]).toEqual({ source: "override", grant: "gr_denial", effect: "deny", expiresAt: null, wins: true });
    expect(decision.sources.filter((s) => s.wins)).toHaveLength(1);
  });

  test("a gating flag is the winner of the no", () => {
    const decision = ask(feature("f", { flag: flagTie("gate") }), true, { flag: { state: "off" } });
    expect(decision.sources.filter((s) => s.wins)).toEqual([{ source: "flag", flag: "the-flag", state: "off", wins: true }]);
  });

  test("plan and add-ons win together where their sum is the limit, and apart where they do not add up", () => {
    const winners = (f: Feature, value: true | number) => ask(f, value).sources.flatMap((s) => (s.wins ? s.source : []));
    expect(winners(meteredFeature("f"), 10)).toEqual(["plan", "add_on"]);
    expect(winners(feature("f"), true)).toEqual(["plan"]);
  });

  test.each<[string, Partial<Question> & { has?: Partial<TenantFacts> }, Feature]>([
    ["an archived feature", {}, feature("f", { archivedAt: now })],
    ["a suspended tenant", { has: { status: "suspended" } }, feature("f")],
    ["nothing that grants", { has: { plan: null, addOns: [], grants: [] } }, feature("f")],
  ])("%s has no winner", (_, more, f) => {
    const decision = ask(f, true, more);
    expect([decision.entitled, decision.source, decision.sources.some((s) => s.wins)]).toEqual([false, null, false]);
  });

  test("a grant that is over or still to come is no source", () => {
    const grants = [trial("f", { endsAt: now }), trial("f", { startsAt: now + 1 }), denial("f", { endedAt: now })];
    expect(ask(feature("f"), true, { has: { grants, plan: null, addOns: [] } }).sources).toEqual([]);
  });
});

describe("a flag that could only grant", () => {
  const stateOf = (f: Feature, has: Partial<TenantFacts>, value: true | number = true) =>
    ask(f, value, { flag: { state: "on", payload: 5 }, has }).sources.find((s) => s.source === "flag");

  test.each<[string, Partial<TenantFacts>, "on" | "not_asked"]>([
    ["plan", { addOns: [], grants: [] }, "not_asked"],
    ["add-on", { plan: null, grants: [] }, "not_asked"],
    ["trial", { plan: null, addOns: [] }, "not_asked"],
    ["nothing but an override", { plan: null, addOns: [], grants: [override("f")] }, "on"],
    ["nothing", { plan: null, addOns: [], grants: [] }, "on"],
  ])("of a boolean feature that has %s", (_, has, state) => {
    expect(stateOf(feature("f", grant), has)).toMatchObject({ state });
  });

  test("is asked for a metered feature that the plan grants: it may give more", () => {
    expect(stateOf(meteredFeature("f", {}, grant), {}, 1)).toMatchObject({ state: "on", value: 5 });
  });

  test.each(["gate", "both"] as const)("is asked when its rule is %s: it may take away", (rule) => {
    expect(stateOf(feature("f", { flag: flagTie(rule) }), {})).toMatchObject({ state: "on" });
  });

  test("gives the same answer whatever it would have said, when it is not asked", () => {
    const readings = [undefined, { state: "off" }, { state: "on" }, { state: "unknown" }, lastSeen("on", now - hour)] as const;
    const answers = readings.map((flag) => JSON.stringify(ask(feature("f", grant), true, { flag })));
    expect(new Set(answers).size).toBe(1);
  });
});

test("a stale value says so, on the source and on the decision", () => {
  const decision = ask(meteredFeature("f", {}, grant), 1, { flag: lastSeen("on", now - hour, { payload: 50 }) });
  expect(decision).toMatchObject({ reason: "flag_on", isStale: true, amount: { limit: 50 } });
  expect(decision.sources.at(-1)).toEqual({ source: "flag", flag: "the-flag", state: "on", value: 50, isStale: true, wins: true });
});

test("a value that has lapsed is an unknown again", () => {
  const decision = ask(meteredFeature("f", {}, grant), 1, { flag: lastSeen("on", now - 24 * hour, { payload: 50 }) });
  expect(decision).toMatchObject({ reason: "plan", isStale: false });
  expect(decision.sources.at(-1)).toEqual({ source: "flag", flag: "the-flag", state: "unknown" });
});

test("a decision changes nothing of what it reads, and is the same each time", () => {
  const question: Question = {
    tenant: frozen(tenant({ plan: "pro", addOns: ["extra", "extra-2"], grants: [trial("f", { value: 4 }), override("f", { value: 2 })] })),
    catalogue: catalogue([frozen(meteredFeature("f", {}, grant))], frozen([plan("pro", { f: 1 }), addOn("extra", { f: 2 })])),
    feature: "f",
    now,
    flag: frozen(lastSeen("on", now, { payload: 9 })),
  };
  expect(decide(question)).toEqual(decide(question));
});
