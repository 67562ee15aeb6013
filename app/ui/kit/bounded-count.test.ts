import { expect, test } from "vitest";
import { boundedTenants } from "./bounded-count";

test.each([
  [1, "exact", "1 tenant"],
  [1_204, "exact", "1,204 tenants"],
  [10_000, "at_least", "10,000 or more tenants"],
  [1, "at_most", "up to 1 tenant"],
  [9_090, "at_most", "up to 9,090 tenants"],
] as const)("%i tenants that are %s read %j", (tenants, bound, words) => {
  expect(boundedTenants({ tenants, bound })).toBe(words);
});
