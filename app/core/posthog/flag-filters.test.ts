import { describe, expect, test } from "vitest";
import { type FlagFilters, flagTargetOf, withoutPersons } from "./flag-filters";

const tenants = 0;
const asksFlag = { type: "flag", key: "other", operator: "flag_evaluates_to", value: true };
const byPersons = { aggregation_group_type_index: null };
type Condition = NonNullable<FlagFilters["groups"]>[number];
const flag = (condition: Condition, more: FlagFilters = {}): FlagFilters => ({ groups: [condition], ...more });

describe("a flag without aggregation that only asks for flags about tenants", () => {
  test("is about tenants: it needs no user", () => {
    expect(flagTargetOf(flag({ properties: [asksFlag] }), tenants, ["tenants"])).toBe("tenants");
    expect(flagTargetOf(flag({ ...byPersons, properties: [asksFlag, asksFlag], rollout_percentage: 100 }), tenants, ["tenants"])).toBe(
      "tenants",
    );
  });

  test.each([
    ["counts for a share of persons", flag({ properties: [asksFlag], rollout_percentage: 99 })],
    ["asks for a property of persons as well", flag({ properties: [asksFlag, { type: "person", key: "email" }] })],
    ["asks for nothing", flag({ properties: [] })],
    ["spreads variants over persons", flag({ properties: [asksFlag] }, { multivariate: { variants: [{ key: "a" }, { key: "b" }] } })],
    ["holds persons out", flag({ properties: [asksFlag] }, { holdout: { id: 1, exclusion_percentage: 5 } })],
  ])("is about persons when it %s", (_why, filters) => {
    expect(flagTargetOf(filters, tenants, ["tenants"])).toBe("persons");
  });

  test("is about tenants with variants, if its condition names one", () => {
    const variants = { multivariate: { variants: [{ key: "a" }, { key: "b" }] } };
    expect(flagTargetOf(flag({ properties: [asksFlag], variant: "b" }, variants), tenants, ["tenants"])).toBe("tenants");
    expect(flagTargetOf(flag({ properties: [asksFlag], variant: "gone" }, variants), tenants, ["tenants"])).toBe("persons");
  });

  test("is about whom the flags are about that it asks for", () => {
    const filters = flag({ properties: [asksFlag] });
    expect(flagTargetOf(filters, tenants, ["persons"])).toBe("persons");
    expect(flagTargetOf(filters, tenants, ["tenants", "mixed"])).toBe("persons");
    expect(flagTargetOf(filters, tenants, ["elsewhere"])).toBe("elsewhere");
    expect(flagTargetOf(filters, tenants, ["elsewhere", "tenants"])).toBe("tenants");
  });

  test("keeps that condition when the conditions about persons are taken out", () => {
    const ofFlags = { properties: [asksFlag] };
    const ofPersons = { properties: [{ type: "person", key: "email" }] };
    const ofTenants = { aggregation_group_type_index: tenants, properties: [] };
    const filters = { groups: [ofPersons, ofFlags, ofTenants] };
    expect(withoutPersons(filters).groups).toEqual([ofFlags, ofTenants]);
    expect(flagTargetOf(filters, tenants, ["tenants"])).toBe("mixed");
    expect(flagTargetOf(withoutPersons(filters), tenants, ["tenants"])).toBe("mixed");
    expect(flagTargetOf({ groups: [ofFlags, ofTenants] }, tenants, ["tenants"])).toBe("tenants");
  });
});
