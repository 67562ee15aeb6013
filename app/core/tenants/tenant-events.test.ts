import { describe, expect, test } from "vitest";
import type { TenantFacts } from "~/core/model";
import { day, hour } from "~/core/time";
import { addOn, catalogue, configFeature, denial, feature, meteredFeature, now, plan, tenant, trial } from "~tests/facts";
import { eventsBetween, trialExpired } from "./tenant-events";

const shop = catalogue(
  [
    feature("sso"),
    meteredFeature("calls"),
    configFeature("seats", { kind: "number", better: "higher" }),
    configFeature("theme", { kind: "json" }),
  ],
  [
    plan("basic", { calls: 100, seats: 5, theme: { dark: false } }),
    plan("pro", { sso: true, calls: 1000, seats: 50, theme: { dark: true } }, { rank: 20 }),
    addOn("more_calls", { calls: 900 }),
  ],
);
const names = (before: TenantFacts | null, after: TenantFacts, at = now) => eventsBetween(before, after, shop, at).map((e) => e.event);

describe("a trial", () => {
  const one = trial("sso", { id: "gr_1", endsAt: now + day, note: "they pay with card 4111" });
  test("that is new was granted, whether the tenant is new or not", () => {
    const [event] = eventsBetween(null, tenant({ plan: "basic", grants: [one] }), shop, now);
    expect(event).toEqual({
      event: "trial_granted",
      about: "gr_1",
      properties: {
        grant: "gr_1",
        feature: "sso",
        starts_at: new Date(now - day).toISOString(),
        ends_at: new Date(now + day).toISOString(),
        plan: "basic",
      },
    });
    expect(names(tenant(), tenant({ grants: [one] }))).toEqual(["trial_granted"]);
    expect(names(tenant(), tenant({ grants: [denial("sso")] }))).toEqual([]);
  });
  test("that another one prolongs was extended, and did not end", () => {
    const longer = trial("sso", { id: "gr_2", extends: "gr_1", endsAt: now + 9 * day });
    const [event, ...more] = eventsBetween(tenant({ grants: [one] }), tenant({ grants: [longer] }), shop, now);
    expect(event).toMatchObject({
      event: "trial_extended",
      about: "gr_2",
      properties: { ended_before_at: new Date(now + day).toISOString() },
    });
    expect(more).toEqual([]);
  });
  test("that is gone before its end was ended; at its end it expired, which the clock tells", () => {
    const before = tenant({ grants: [one] });
    expect(names(before, tenant(), now + day - 1)).toEqual(["trial_ended"]);
    expect(names(before, tenant(), now + day)).toEqual([]);
    expect(trialExpired(one, "basic")).toMatchObject({
      event: "trial_expired",
      about: "gr_1",
      properties: { feature: "sso", plan: "basic" },
    });
  });
  test("is told without its note and its value", () => {
    const all = JSON.stringify(eventsBetween(null, tenant({ grants: [one] }), shop, now));
    expect(all).not.toContain("4111");
    expect(all).not.toContain("value");
  });
});

describe("a plan", () => {
  test("is told with what it was, add-ons included; the order of add-ons is no change, nor is a new tenant's plan", () => {
    const before = tenant({ plan: "basic" });
    const [event] = eventsBetween(before, tenant({ plan: "pro", addOns: ["more_calls"] }), shop, now);
    expect(event).toEqual({
      event: "plan_changed",
      about: "",
      properties: { plan_before: "basic", plan_rank_before: 10, add_ons_before: [], plan: "pro", plan_rank: 20, add_ons: ["more_calls"] },
    });
    expect(names(tenant({ addOns: ["a", "b"] }), tenant({ addOns: ["b", "a"] }))).toEqual([]);
    expect(names(null, before)).toEqual([]);
    expect(names(before, tenant({ plan: null }))).toEqual(["plan_changed"]);
  });
});

describe("a trial is converted when the plan", () => {
  const converts = (grants: TenantFacts["grants"], to: Partial<Parameters<typeof tenant>[0] & object>, at = now) =>
    names(tenant({ plan: "basic", grants }), tenant({ plan: "pro", grants, ...to }), at).includes("trial_converted");

  test("now has the feature", () => {
    expect(converts([trial("sso")], {})).toBe(true);
    expect(converts([trial("sso")], { plan: "basic", addOns: ["more_calls"] })).toBe(false);
  });
  test("had it before: then it is not", () => {
    expect(
      names(tenant({ plan: "pro", grants: [trial("sso")] }), tenant({ plan: "pro", addOns: ["more_calls"], grants: [trial("sso")] })),
    ).toEqual(["plan_changed"]);
  });
  test("gives as much as the trial did, to the last unit; add-ons count with it", () => {
    expect(converts([trial("calls", { value: 1000 })], {})).toBe(true);
    expect(converts([trial("calls", { value: 1001 })], {})).toBe(false);
    expect(converts([trial("calls", { value: "unlimited" })], {})).toBe(false);
    expect(converts([trial("calls", { value: 1000 })], { plan: "basic", addOns: ["more_calls"] })).toBe(true);
    expect(converts([trial("seats", { value: 50 })], {})).toBe(true);
    expect(converts([trial("seats", { value: 51 })], {})).toBe(false);
  });
  test("gives the very same, where values have no better and worse", () => {
    expect(converts([trial("theme", { value: { dark: true } })], {})).toBe(true);
    expect(converts([trial("theme", { value: { dark: "very" } })], {})).toBe(false);
  });
  test("comes after the trial ran out, too, but not before it began", () => {
    expect(converts([trial("sso", { endsAt: now - hour })], {})).toBe(true);
    expect(converts([trial("sso", { startsAt: now })], {})).toBe(true);
    expect(converts([trial("sso", { startsAt: now + 1 })], {})).toBe(false);
  });
  test("comes after another change took the trial out of the facts; of several trials the last is the one", () => {
    const past = [
      trial("sso", { id: "gr_1", endsAt: now - 9 * day }),
      trial("sso", { id: "gr_3", endsAt: now + day, endedAt: now - hour }),
      trial("sso", { id: "gr_2", endsAt: now - 5 * day }),
    ];
    const converted = (more: typeof past) =>
      eventsBetween(tenant({ plan: "basic" }), tenant({ plan: "pro" }), shop, now, more).filter((e) => e.event === "trial_converted");
    expect(converted(past)).toEqual([
      expect.objectContaining({ about: "gr_3", properties: expect.objectContaining({ trial: "expired" }) }),
    ]);
    expect(converted([])).toEqual([]);
    expect(eventsBetween(tenant({ plan: "basic" }), tenant({ plan: "basic", name: "B" }), shop, now, past)).toEqual([]);
  });
});

test("a suspension is told once, and a reinstatement is none", () => {
  const active = tenant({ plan: "basic" });
  const suspended = tenant({ plan: "basic", status: "suspended" });
  expect(names(active, suspended)).toEqual(["tenant_suspended"]);
  expect(names(suspended, suspended)).toEqual([]);
  expect(names(suspended, active)).toEqual([]);
  expect(names(active, tenant({ plan: "basic", status: "archived" }))).toEqual([]);
});
