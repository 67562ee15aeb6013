import { expect, test } from "vitest";
import type { Grant } from "~/core/model";
import { catalogue, denial, feature, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { isRedundant, tenantOutline } from "./tenant-outline";

const features = [
  feature("sso", { group: "Security" }),
  feature("audit", { group: "Security" }),
  feature("export"),
  meteredFeature("calls", { unit: "calls" }, { name: "API calls" }),
  meteredFeature("seats", {}, { name: "Seats" }),
  meteredFeature("storage", { soft: true }, { name: "Storage" }),
];
const sold = catalogue(features, [plan("free", { sso: true, calls: 100, seats: "unlimited", storage: 10 })]);
const used: Record<string, number> = { calls: 80, seats: 5, storage: 30 };
const world = (grants: Grant[] = []) => ({
  facts: tenant({ plan: "free", grants }),
  catalogue: sold,
  now,
  readings: { usage: (key: string) => ({ used: used[key] ?? 0 }) },
  zone: "UTC",
});

test("features are counted by group, those without one last", () => {
  const { groups, entitled, all } = tenantOutline(world());
  expect(groups).toEqual([
    { group: "Security", entitled: 1, all: 2 },
    { group: null, entitled: 3, all: 4 },
  ]);
  expect([entitled, all]).toEqual([4, 6]);
});

test("limits are listed fullest first; an unlimited one is never full, a soft one may be over", () => {
  const { limits } = tenantOutline(world());
  expect(limits.map(({ key, used, limit, share }) => [key, used, limit, share])).toEqual([
    ["storage", 30, 10, 3],
    ["calls", 80, 100, 0.8],
    ["seats", 5, "unlimited", 0],
  ]);
});

test("a limit of 0 is full, and a feature at its limit is still listed", () => {
  const none = catalogue([features[3] as (typeof features)[number]], [plan("free", { calls: 0 })]);
  expect(tenantOutline({ ...world(), catalogue: none }).limits).toMatchObject([{ key: "calls", share: 1 }]);
});

test.each<[string, Grant, boolean]>([
  ["a trial of what the plan has", trial("sso"), true],
  ["a trial of what the plan lacks", trial("audit"), false],
  ["a trial with a lower limit than the plan's", trial("calls", { value: 50 }), true],
  ["a trial with a higher limit", trial("calls", { value: 500 }), false],
  ["an allowing override of what the plan has", override("sso"), true],
  ["a denial of what the plan has", denial("sso"), false],
  ["a denial of what the plan lacks", denial("audit"), true],
  ["an upcoming trial of what the plan has", trial("sso", { startsAt: now + 1 }), false],
  ["a trial of an unknown feature", trial("gone"), false],
])("whether %s is redundant depends on the answer without it", (_what, grant, expected) => {
  expect(isRedundant(world([grant]), grant)).toBe(expected);
});
