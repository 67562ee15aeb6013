import { expect, test } from "vitest";
import { applyChange } from "~/core/decision/changes";
import type { Grant, TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { addOn, catalogue, feature, flagTie, made, meteredFeature, now, override, plan, stamp, tenant, trial } from "~tests/facts";
import { type ConversionForm, convertTrial, plansToConvertTo, planToConvertTo } from "./convert-trial";

const shop = catalogue(
  [feature("sso", { name: "SSO", flag: flagTie("gate") }), feature("beta", { name: "Beta" }), meteredFeature("calls")],
  [
    plan("free", { calls: 10 }, { name: "Free", rank: 10 }),
    plan("small", { sso: true, calls: 0 }, { name: "Small", rank: 20 }),
    plan("old", { sso: true }, { name: "Old", rank: 25, archivedAt: now - day }),
    plan("team", { sso: true }, { name: "Team", rank: 30, includes: "free" }),
    plan("large", { calls: 1000 }, { name: "Large", rank: 40, includes: "team" }),
    addOn("boost", { sso: true, calls: 5 }, { name: "Boost" }),
  ],
);
const onTrial = (more: Parameters<typeof tenant>[0] = {}, of = "sso") =>
  tenant({
    name: "Acme",
    plan: "free",
    grants: [trial(of, { id: "gr_1", endsAt: now + day, value: of === "calls" ? 500 : true })],
    ...more,
  });
const convert = (facts: TenantFacts, form: Partial<ConversionForm> = {}) => convertTrial(facts, { grant: "gr_1", ...form }, shop, stamp());
const plansFor = (facts: TenantFacts) => plansToConvertTo(facts, facts.grants[0] as Grant, shop, now);
const offered = (facts: TenantFacts) => plansFor(facts).map(({ key }) => key);
const first = (facts: TenantFacts) => planToConvertTo(facts, plansFor(facts), shop)?.key;

test("ends the trial and gives the plan as one change", () => {
  const change = made(convert(onTrial(), { plan: "large", note: "Signed" }));
  expect(change).toMatchObject({
    action: "trial.converted",
    set: { plan: "large" },
    why: "Signed",
    grants: [{ id: "gr_1", endedAt: now }],
  });
  expect(applyChange(onTrial(), change, 2)).toMatchObject({ plan: "large", grants: [] });
});

test("offers other base plans that give the feature, cheapest first, none that is archived or has a limit of 0", () => {
  expect(offered(onTrial())).toEqual(["small", "team", "large"]);
  expect(offered(onTrial({ plan: "team", status: "suspended" }))).toEqual(["small", "large"]);
  expect(offered(onTrial({ addOns: ["boost"] }, "calls"))).toEqual(["team", "large"]);
  expect(offered(onTrial({}, "beta"))).toEqual([]);
});

test("chooses the lowest plan above the tenant's, and the lowest of all if there is none above", () => {
  expect([first(onTrial()), first(onTrial({ plan: null })), first(onTrial({ plan: "small" })), first(onTrial({ plan: "large" }))]).toEqual([
    "small",
    "small",
    "team",
    "small",
  ]);
  expect(made(convert(onTrial())).set).toEqual({ plan: "small" });
});

test.each<[string, ReturnType<typeof convert>, string, RegExp]>([
  ["a plan without the feature", convert(onTrial({ plan: null }), { plan: "free" }), "plan_unsuitable", /^Free does not include SSO\./],
  ["the plan that it has", convert(onTrial({ plan: "team" }), { plan: "team" }), "plan_unsuitable", /^Acme is on Team already\./],
  ["an archived plan", convert(onTrial(), { plan: "old" }), "plan_archived", /^Old is archived/],
  ["an add-on", convert(onTrial(), { plan: "boost" }), "plan_kind", /^Boost is an add-on/],
  ["no such plan", convert(onTrial(), { plan: "none" }), "plan_not_found", /^There is no plan none/],
  ["a feature in no plan", convert(onTrial({}, "beta")), "plan_unsuitable", /^No other plan includes Beta\./],
  ["an archived tenant", convert(onTrial({ status: "archived" })), "tenant_archived", /^Acme is archived/],
  ["an ended trial", convert(onTrial({ grants: [trial("sso", { id: "gr_1", endsAt: now })] })), "grant_over", /is over/],
  ["an override", convert(onTrial({ grants: [override("sso", { id: "gr_1" })] })), "value_invalid", /^Only a trial converts/],
])("refuses %s", (_, outcome, code, message) => {
  expect(outcome).toMatchObject({ ok: false, code, message: expect.stringMatching(message) });
});
