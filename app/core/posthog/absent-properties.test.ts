import { expect, test } from "vitest";
import { withMarkers, wrapFilters } from "./absent-properties";

const group = (key: string, operator?: string) => ({ key, type: "group", ...(operator ? { operator } : {}), value: ["x"] });

test("filters by a tenant's property are wrapped, and by anything else are as PostHog sent them", () => {
  const untouched = [
    { key: "$group_key", type: "group", operator: "exact", value: ["acme"] },
    { key: "id", type: "cohort", operator: "in", value: 7 },
    { key: "other", type: "flag", operator: "flag_evaluates_to", value: true },
  ];
  const ofPersons = { aggregation_group_type_index: null, properties: [{ key: "plan", type: "person", operator: "is_set" }] };
  const ofTeams = { aggregation_group_type_index: 1, properties: [group("plan", "is_set")] };
  const groups = [{ properties: [...untouched, group("plan", "is_set")] }, ofPersons, ofTeams];
  const { flags, cohorts } = wrapFilters([{ key: "f", filters: { aggregation_group_type_index: 0, groups } }], 0);
  const has = { key: "latchkey_has:plan", type: "group", operator: "exact", value: ["true"] };
  expect(flags[0]?.filters.groups).toEqual([{ properties: [...untouched, has] }, ofPersons, ofTeams]);
  expect(cohorts).toEqual({});
});

test("each wrapped filter has a cohort of its own, also an operator that is not known here", () => {
  const operators = [undefined, "exact", "is_not", "not_regex", "not_in", "not_icontains_multi", "brand_new"];
  const groups = operators.map((operator) => ({ properties: [group("plan", operator)] }));
  const { flags, cohorts } = wrapFilters([{ filters: { aggregation_group_type_index: 0, groups } }], 0);
  const ids = flags.flatMap(({ filters }) => filters.groups.flatMap(({ properties }) => properties.map((f) => String(f.value))));
  expect(new Set(ids).size).toBe(operators.length);
  expect(ids.map((id) => cohorts[id]?.type)).toEqual(["AND", "AND", "OR", "OR", "AND", "OR", "AND"]);
});

test("flags without filters or conditions are left alone", () => {
  const odd = [{}, { filters: {} }, { filters: { groups: [{}] } }];
  expect(wrapFilters(odd, 0).flags).toEqual(odd);
});

test("markers say of each property whether the tenant has it", () => {
  expect(withMarkers({ plan: null, name: "Acme" }, { name: "Acme" })).toEqual({
    name: "Acme",
    "latchkey_has:plan": "false",
    "latchkey_has:name": "true",
  });
});
