import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { docBlock } from "../support/doc-blocks";
import { ada, now } from "../support/facts";
import { importText } from "../support/import-text";
import { startServices, type TestServices } from "../support/services";

// Every operator, about a tenant that has the property, one that never had it and one that lost it, evaluated here and by PostHog.

const rows = [
  // key, operator, value, for whom it holds: has, lacks
  ["plan", "is_set", "is_set", true, false],
  ["plan", "is_not_set", "is_not_set", false, true],
  ["plan", "exact", ["pro"], true, false],
  ["plan", "exact", ["null"], false, false],
  ["plan", "is_not", ["pro"], false, true],
  ["plan", "is_not", ["basic"], true, true],
  ["plan", "icontains", "r", true, false],
  ["plan", "icontains", "u", false, false],
  ["plan", "not_icontains", "r", false, true],
  ["plan", "not_icontains", "u", true, true],
  ["plan", "starts_with", "p", true, false],
  ["plan", "starts_with", "n", false, false],
  ["plan", "not_starts_with", "p", false, true],
  ["plan", "not_starts_with", "n", true, true],
  ["plan", "ends_with", "o", true, false],
  ["plan", "ends_with", "l", false, false],
  ["plan", "not_ends_with", "o", false, true],
  ["plan", "not_ends_with", "l", true, true],
  ["plan", "regex", "^[a-z]+$", true, false],
  ["plan", "not_regex", "^[a-z]+$", false, true],
  ["plan_rank", "gt", 5, true, false],
  ["plan_rank", "gte", 20, true, false],
  ["plan_rank", "lt", 50, true, false],
  ["plan_rank", "lte", 20, true, false],
  ["plan_rank", "lt", 5, false, false],
  ["next_trial_end", "is_set", "is_set", true, false],
  ["next_trial_end", "is_date_after", "2020-01-01", true, false],
  ["next_trial_end", "is_date_before", "2099-01-01", true, false],
  ["next_trial_end", "is_date_before", "2020-01-01", false, false],
  ["live_trials", "is_set", "is_set", true, false],
  ["live_trials", "is_not_set", "is_not_set", false, true],
  ["live_trials", "icontains", "sso", true, false],
  ["live_trials", "exact", ["sso"], true, false],
  ["live_trial_ends", "is_set", "is_set", true, false],
  ["add_ons", "is_set", "is_set", true, false],
  ["metadata_version", "semver_eq", "1.2.3", true, false],
  ["metadata_version", "semver_neq", "1.2.3", false, false],
  ["metadata_version", "semver_gt", "1.0.0", true, false],
  ["metadata_version", "semver_gte", "1.2.3", true, false],
  ["metadata_version", "semver_lt", "2.0.0", true, false],
  ["metadata_version", "semver_lte", "1.2.3", true, false],
  ["metadata_version", "is_set", "is_set", true, false],
  ["metadata_version", "is_not_set", "is_not_set", false, true],
  ["has_plan", "exact", ["true"], true, false],
  ["has_plan", "exact", ["false"], false, true],
  ["has_add_ons", "exact", ["true"], true, false],
  ["has_trial", "exact", ["true"], true, false],
  ["has_trial", "exact", ["false"], false, true],
  ["has_metadata_version", "exact", ["true"], true, false],
  ["has_metadata_version", "is_not", ["true"], false, true],
] as const;
const cases = rows.map(([key, operator, value, has, lacks], i) => ({ flag: `flag-${i}`, key, operator, value, has, lacks }));
const nameOf = ({ key, operator, value }: (typeof cases)[number]) => `${key} ${operator} ${JSON.stringify(value)}`;
/** PostHog's own server cannot remove a property, and treats an empty string as a value. */
const isAboutBeingSet = ({ operator }: (typeof cases)[number]) => operator === "is_set" || operator === "is_not_set";

const docFlags = JSON.parse(docBlock("Flags by what a tenant has", "json", "docs/posthog.md")) as Record<string, (typeof cases)[number][]>;
/** For a tenant on trial with the plan Pro and an add-on, one that never had any of it, one that lost all, and one with a trial alone. */
const docFlagStates: Record<string, string[]> = {
  "on-trial": ["on", "off", "off", "on"],
  "without-a-plan": ["off", "on", "on", "on"],
  "trial-below-pro": ["off", "off", "off", "on"],
  "with-an-add-on": ["on", "off", "off", "off"],
};

const flagged = (flag: string) => [flag, { flag: { key: flag, rule: "grant", whenUnknown: "off" } }] as const;
const catalogue = JSON.stringify({
  latchkey: 1,
  features: Object.fromEntries([
    ["sso", {}],
    ...cases.map(({ flag }) => flagged(flag)),
    ...["two", "foreign", ...Object.keys(docFlags)].map(flagged),
  ]),
  plans: { pro: { rank: 20, features: [] } },
  addOns: { boost: { features: [] } },
  tenants: Object.fromEntries(["has", "lost"].map((key) => [key, { plan: "pro", addOns: ["boost"], metadata: { version: "1.2.3" } }])),
});

let fake: FakePosthog;
let remote: TestServices;
let local: TestServices;

const change = (key: string, form: object) => changeTenant(remote, key, ada, (facts, c, stamp) => putTenant(facts, key, form, c, stamp));
const trial = (key: string, endsAt: number) =>
  changeTenant(remote, key, ada, (facts, c, stamp) =>
    grantTrial(facts as TenantFacts, { features: [{ feature: "sso" }], endsAt }, c, stamp),
  );
async function settle() {
  await remote.posthog?.groupSync.prepare();
  while (await remote.posthog?.groupSync.step());
}
const flagsOf = async (services: TestServices, key: string) => {
  const { facts } = await services.facts.tenant(key);
  return (await services.posthog?.flags.of(facts as TenantFacts))?.readings;
};
const held = (key: string) => fake.state.group(key) ?? {};

beforeAll(async () => {
  fake = await startFakePosthog();
  for (const { flag, key, operator, value } of cases) fake.state.setFlag({ key: flag, properties: [{ key, operator, value }] });
  for (const [flag, properties] of Object.entries(docFlags)) fake.state.setFlag({ key: flag, properties });
  fake.state.setFlag({
    key: "two",
    conditions: [
      { properties: [{ key: "plan", operator: "is_not_set", value: "is_not_set" }], rollout: 0 },
      {
        properties: [
          { key: "plan", operator: "is_not", value: ["basic"] },
          { key: "next_trial_end", operator: "is_not_set", value: "is_not_set" },
        ],
      },
    ],
  });
  // Another program sets it; only PostHog knows for whom.
  fake.state.setFlag({ key: "foreign", properties: [{ key: "industry", operator: "is_not_set", value: "is_not_set" }] });
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FLAG_TIMEOUT_MS: "60000" };
  remote = await startServices("sqlite", { variables: posthog });
  await importText(remote, catalogue);
  await chooseMetadata(remote, ada, ["version"]);
  await change("never", { name: "Never" });
  await change("trying", {});
  for (const key of ["has", "trying"]) await trial(key, now + 14 * day);
  await trial("lost", now + day);
  await settle();
  expect(held("lost")).toMatchObject({ plan: "pro", has_plan: true, next_trial_end: expect.any(String), metadata_version: "1.2.3" });
  await change("lost", { plan: null, addOns: [], metadata: {} });
  remote.clock.now = now + 2 * day;
  await settle();
  local = await startServices("sqlite", { url: remote.url, variables: { ...posthog, POSTHOG_SECRET_KEY: fake.state.secretKey } });
  local.clock.now = remote.clock.now;
  expect(await local.posthog?.client.waitForLocalEvaluationReady(10_000)).toBe(true);
});
afterAll(async () => {
  await local.stop();
  await remote.stop();
  await fake.close();
});

describe.each(["here", "by PostHog"] as const)("a flag evaluated %s", (way) => {
  test.each(["has", "never", "lost"] as const)("counts exactly what a tenant has, for one that %s the property", async (key) => {
    const readings = await flagsOf(way === "here" ? local : remote, key);
    const said = cases.map((c) => `${nameOf(c)}: ${readings?.get(c.flag)?.state}`);
    const wanted = cases.map((c) => {
      const holds = key === "has" || (key === "lost" && way === "by PostHog" && isAboutBeingSet(c)) ? c.has : c.lacks;
      return `${nameOf(c)}: ${holds ? "on" : "off"}`;
    });
    expect(said).toEqual(wanted);
  });
});

test("conditions with several filters, and one that nobody is rolled out to, count the same both ways", async () => {
  for (const services of [local, remote]) {
    expect((await flagsOf(services, "never"))?.get("two")?.state).toBe("on");
    expect((await flagsOf(services, "has"))?.get("two")?.state).toBe("off");
  }
});

test.each(["here", "by PostHog"])("the flags that the docs name, evaluated %s, are on for whom the docs say", async (way) => {
  for (const flag of Object.keys(docFlags)) {
    const readings = await Promise.all(["has", "never", "lost", "trying"].map((key) => flagsOf(way === "here" ? local : remote, key)));
    expect([flag, readings.map((r) => r?.get(flag)?.state)]).toEqual([flag, docFlagStates[flag]]);
  }
});

test("PostHog is asked over the wire only about properties that Latchkey does not know", () => {
  const asked = fake.state.questions.filter((q) => (q.flag_keys_to_evaluate as string[]).length === 1);
  expect(asked.map((q) => [(q.groups as { organization: string }).organization, q.flag_keys_to_evaluate])).toEqual(
    ["has", "never", "lost", "trying"].map((key) => [key, ["foreign"]]),
  );
});

test("PostHog is sent no null: what a tenant never had is left out, and what it lost is empty", async () => {
  expect(held("never")).toEqual({
    name: "Never",
    tenant_key: "never",
    status: "active",
    created_at: expect.any(String),
    has_plan: false,
    has_add_ons: false,
    has_trial: false,
    has_metadata_version: false,
  });
  expect(held("lost")).toMatchObject({ has_plan: false, plan: "", plan_name: "", plan_rank: "", add_ons: "", has_add_ons: false });
  expect(held("lost")).toMatchObject({ has_trial: false, live_trials: "", live_trial_ends: "", next_trial_end: "", metadata_version: "" });
  const sent = [...fake.state.events, ...fake.state.questions.map((q) => ({ properties: q.group_properties }))];
  expect(JSON.stringify(sent.map(({ properties }) => properties))).not.toContain("null");
});

test("a question names what PostHog may still hold as empty, before a sync has told it that the tenant lost it", async () => {
  await change("has", { plan: null });
  remote.clock.now += 31_000;
  const { facts } = await remote.facts.tenant("has");
  remote.posthog?.flags.of(facts as TenantFacts);
  await expect
    .poll(
      async () => (await flagsOf(remote, "has"))?.get(cases.find((c) => c.operator === "exact" && c.key === "plan")?.flag as string)?.state,
    )
    .toBe("off");
  expect(held("has").plan).toBe("pro");
});
