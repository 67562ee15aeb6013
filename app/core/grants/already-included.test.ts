import { expect, test } from "vitest";
import type { TenantFacts, Value } from "~/core/model";
import { day } from "~/core/time";
import {
  addOn,
  catalogue,
  configFeature,
  denial,
  feature,
  flagTie,
  made,
  meteredFeature,
  now,
  plan,
  stamp,
  tenant,
  trial,
} from "~tests/facts";
import { includedSentence, includedValue } from "./already-included";
import { grantTrial } from "./grant-changes";

const shop = catalogue(
  [
    feature("sso", { flag: flagTie("gate") }),
    feature("beta", { flag: flagTie("both") }),
    feature("search"),
    meteredFeature("calls"),
    configFeature("delay", { kind: "number", better: "lower" }),
    configFeature("theme", { kind: "json" }),
  ],
  [plan("pro", { sso: true, calls: 100, delay: 5, theme: "dark" }), plan("free"), addOn("boost", { calls: 50 })],
);

const included = (facts: TenantFacts, name: string, value: Value = true, startsAt = now) =>
  made(grantTrial(facts, { features: [{ feature: name, value }], startsAt, endsAt: startsAt + day }, shop, stamp())).alreadyIncluded;

test("a trial says the plan or add-on that gives as much, whatever its flag, status and overrides are", () => {
  const pro = { plan: "pro", addOns: ["boost"] };
  for (const facts of [tenant(pro), tenant({ ...pro, status: "suspended" }), tenant({ ...pro, grants: [denial("sso")] })])
    expect(included(facts, "sso")).toEqual([{ feature: "sso", plan: "pro" }]);
  expect(included(tenant(pro), "calls", 150)).toEqual([{ feature: "calls", plan: "pro" }]);
  expect(included(tenant({ plan: "free", addOns: ["boost"] }), "calls", 50)).toEqual([{ feature: "calls", plan: "boost" }]);
  expect(included(tenant(pro), "delay", 7)).toEqual([{ feature: "delay", plan: "pro" }]);
  expect(included(tenant(pro), "theme", "dark")).toEqual([{ feature: "theme", plan: "pro" }]);
});

test("a trial that gives more, or what only another trial or a flag gives, says nothing", () => {
  const pro = tenant({ plan: "pro", addOns: ["boost"] });
  expect([
    included(pro, "calls", 151),
    included(pro, "calls", "unlimited"),
    included(pro, "delay", 4),
    included(pro, "theme", "red"),
  ]).toEqual(Array(4).fill(undefined));
  expect([included(pro, "search"), included(pro, "beta"), included(tenant({ plan: "free" }), "sso")]).toEqual(Array(3).fill(undefined));
  const later = tenant({ plan: "free", grants: [trial("sso", { endsAt: now + day })] });
  expect(included(later, "sso", true, now + 2 * day)).toBe(undefined);
});

test("a plan change that is scheduled before the trial's start counts", () => {
  const by = { kind: "admin", id: "ad_1", name: "Ada" } as const;
  const entry = { id: "sc_1", at: now + day, by, createdAt: now, note: null, plan: "pro" };
  const facts = tenant({ plan: "free", scheduled: [entry] });
  expect([included(facts, "sso", true, now + day), included(facts, "sso", true, now + day - 1)]).toEqual([
    [{ feature: "sso", plan: "pro" }],
    undefined,
  ]);
});

test("before a trial is granted, the sentence names the plan and what it gives", () => {
  const pro = tenant({ plan: "pro" });
  expect([includedValue(pro, "sso", shop, now), includedValue(pro, "calls", shop, now), includedValue(pro, "search", shop, now)]).toEqual([
    { plan: "pro" },
    { plan: "pro", value: 100 },
    null,
  ]);
  expect([includedSentence("Pro", null), includedSentence("Pro", "100 calls")]).toEqual([
    "Pro includes it already, so a trial changes nothing.",
    "Pro already gives 100 calls, so only a trial that gives more changes anything.",
  ]);
});
