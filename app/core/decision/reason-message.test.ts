import { expect, test } from "vitest";
import type { FlagReading, TenantFacts } from "~/core/model";
import { day, longDate } from "~/core/time";
import { addOn, catalogue, denial, feature, flagTie, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { decide } from "./decide";
import { limitWords, reasonMessage } from "./reason-message";

const shop = catalogue(
  [
    feature("sso"),
    feature("old", { archivedAt: now }),
    feature("flagged", { flag: flagTie("both") }),
    feature("assumed_off", { flag: flagTie("gate", { whenUnknown: "off" }) }),
    feature("assumed_on", { flag: flagTie("grant", { whenUnknown: "on" }) }),
    meteredFeature("api_calls", { unit: "calls" }),
    meteredFeature("seats"),
  ],
  [
    plan("starter", { api_calls: 1000, seats: 12_500 }, { name: "Starter" }),
    plan("premium", { sso: true }, { name: "Premium" }),
    plan("ultimate", {}, { name: "Ultimate", includes: "premium" }),
    addOn("security", { sso: true }, { name: "Security pack" }),
  ],
);

function message(feature: string, who: TenantFacts | null, more: { used?: number; requested?: number; flag?: FlagReading } = {}): string {
  const { used = 0, requested, flag } = more;
  const decision = decide({ tenant: who, catalogue: shop, feature, now, usage: { used }, requested, flag });
  return reasonMessage(decision, who, shop);
}

const unanswered = { flag: { state: "unknown" } } as const;
const until = { endsAt: Date.UTC(2026, 11, 4, 10) };

test.each<[string, string]>([
  [message("sso", null), "There is no such tenant."],
  [message("nothing", tenant()), "There is no such feature."],
  [message("old", tenant()), "This feature is archived."],
  [message("sso", tenant({ status: "suspended" })), "This tenant is suspended."],
  [message("sso", tenant({ status: "archived" })), "This tenant is archived."],
  [message("sso", tenant({ grants: [override("sso")] })), "Allowed by an override."],
  [message("sso", tenant({ grants: [override("sso", until)] })), "Allowed by an override until 4 December 2026."],
  [message("sso", tenant({ grants: [denial("sso")] })), "Denied by an override."],
  [message("sso", tenant({ grants: [denial("sso", until)] })), "Denied by an override until 4 December 2026."],
  [message("flagged", tenant(), { flag: { state: "off" } }), "Switched off by its feature flag."],
  [message("flagged", tenant(), { flag: { state: "on" } }), "Switched on by its feature flag."],
  [message("assumed_off", tenant()), "PostHog was not asked about the feature flag, and the feature is off then."],
  [message("assumed_on", tenant()), "PostHog was not asked about the feature flag, and the feature is on then."],
  [message("assumed_off", tenant(), unanswered), "PostHog gave no answer about the feature flag, and the feature is off then."],
  [message("assumed_on", tenant(), unanswered), "PostHog gave no answer about the feature flag, and the feature is on then."],
  [message("sso", tenant({ plan: "premium" })), "Part of Premium."],
  [message("sso", tenant({ plan: "ultimate" })), "Part of Ultimate, from Premium."],
  [message("sso", tenant({ plan: "starter", addOns: ["security"] })), "Part of Security pack."],
  [message("sso", tenant({ grants: [trial("sso", until)] })), "On trial until 4 December 2026."],
  [message("sso", tenant({ plan: "starter" })), "Not included in Starter. Included in Premium, Ultimate and Security pack."],
  [message("sso", tenant({ plan: "gone" })), "Not included in gone. Included in Premium, Ultimate and Security pack."],
  [message("sso", tenant()), "This tenant has no plan. Included in Premium, Ultimate and Security pack."],
  [message("api_calls", tenant({ plan: "starter" }), { used: 1000 }), "The limit of 1,000 calls is reached."],
  [message("seats", tenant({ plan: "starter" }), { used: 12_500 }), "The limit of 12,500 is reached."],
  [message("api_calls", tenant({ plan: "starter" }), { used: 998, requested: 3 }), "Only 2 of 1,000 calls are left."],
  [message("seats", tenant({ plan: "starter" }), { used: 12_499, requested: 2 }), "Only 1 of 12,500 is left."],
  [message("seats", tenant({ plan: "starter" }), { requested: 20_000 }), "Only 12,500 of 12,500 are left."],
])("a reason reads: %s", (actual, expected) => {
  expect(actual).toBe(expected);
});

test("dates are those of UTC on both sides of midnight", () => {
  const midnight = Date.UTC(2027, 0, 1);
  expect([longDate(midnight - 1), longDate(midnight), longDate(midnight + day)]).toEqual([
    "31 December 2026",
    "1 January 2027",
    "2 January 2027",
  ]);
});

test("limits are grouped by thousands and carry their unit", () => {
  expect([0, 999, 1000, 1_234_567, "unlimited" as const].map((limit) => limitWords(limit))).toEqual([
    "0",
    "999",
    "1,000",
    "1,234,567",
    "unlimited",
  ]);
  const one = [
    "seats",
    "API calls",
    "GB",
    "queries",
    "boxes",
    "branches",
    "databases",
    "licenses",
    "caches",
    "addresses",
    "status",
    "Benutzer",
  ];
  expect(one.map((unit) => limitWords(1, unit))).toEqual([
    "1 seat",
    "1 API call",
    "1 GB",
    "1 query",
    "1 box",
    "1 branch",
    "1 database",
    "1 license",
    "1 cache",
    "1 address",
    "1 status",
    "1 Benutzer",
  ]);
  expect([limitWords(0, "seats"), limitWords(2, "seats"), limitWords(21, "seats")]).toEqual(["0 seats", "2 seats", "21 seats"]);
  expect([limitWords(1000, "calls"), limitWords("unlimited", "calls")]).toEqual(["1,000 calls", "unlimited calls"]);
});
