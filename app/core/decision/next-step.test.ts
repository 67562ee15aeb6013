import { describe, expect, test } from "vitest";
import { catalogue, denial, feature, flagTie, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { decide, type Question } from "./decide";
import { nextStep } from "./next-step";

const world = catalogue(
  [feature("sso"), feature("old", { archivedAt: 1 }), feature("gated", { flag: flagTie("gate") }), meteredFeature("calls")],
  [plan("starter", { gated: true, calls: 0 })],
);
const step = (of: string, facts = tenant({ plan: "starter" }), more: Partial<Question> = {}) =>
  nextStep(decide({ tenant: facts, catalogue: world, feature: of, now, ...more }));

describe("on a no stands what would turn it into a yes", () => {
  test("what the plan has not: a trial", () => {
    expect(step("sso")).toEqual({ step: "grant_trial" });
  });
  test("a denial: to end it", () => {
    expect(step("sso", tenant({ grants: [denial("sso", { id: "gr_no" })] }))).toEqual({ step: "end_override", grant: "gr_no" });
  });
  test("a reached limit of the plan: a trial of more", () => {
    expect(step("calls")).toEqual({ step: "grant_trial" });
  });
  test("a reached limit of a trial, of which there can be only one: an override", () => {
    expect(step("calls", tenant({ plan: "starter", grants: [trial("calls", { value: 0 })] }))).toEqual({ step: "override" });
  });
  test("a reached limit of an override, which replaces all else: to end it", () => {
    expect(step("calls", tenant({ grants: [override("calls", { value: 0, id: "gr_0" })] }))).toEqual({
      step: "end_override",
      grant: "gr_0",
    });
  });
  test("a gate that is closed: an override", () => {
    expect(step("gated", tenant({ plan: "starter" }), { flag: { state: "off" } })).toEqual({ step: "override" });
  });
  test("a suspended or archived tenant: to reinstate it", () => {
    expect(step("sso", tenant({ status: "suspended" }))).toEqual({ step: "reinstate" });
    expect(step("sso", tenant({ status: "archived" }))).toEqual({ step: "reinstate" });
  });
  test("an archived feature: its page", () => {
    expect(step("old")).toEqual({ step: "open_feature" });
  });
  test("nothing on a yes, nor where there is nothing to change", () => {
    expect(step("sso", tenant({ grants: [trial("sso")] }))).toBeNull();
    expect(step("gone")).toBeNull();
  });
});
