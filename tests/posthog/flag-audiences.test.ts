import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FlagLink } from "~/core/model";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

// Flags about tenants, about persons, about both and about groups of another type, with definitions and without.

const tie = (key: string, rule: FlagLink["rule"] = "grant"): FlagLink => ({ key, rule, whenUnknown: "last" });
const features = [
  feature("for_tenants", { flag: tie("of-tenants") }),
  feature("for_persons", { flag: tie("of-persons") }),
  feature("for_both", { flag: tie("of-both") }),
  feature("for_teams", { flag: tie("of-teams", "gate") }),
  feature("on_persons", { flag: tie("on-persons") }),
  feature("plain"),
];
const ann = "ann@private.example";

let fake: FakePosthog;
let api: Api;

beforeEach(async () => {
  fake = await startFakePosthog({ groupTypes: ["organization", "team"] });
  fake.state.setFlag({ key: "of-tenants", properties: [{ key: "plan", value: ["basic"] }] });
  // Everybody gets it, also whom nobody named.
  fake.state.setFlag({ key: "of-persons", groupType: null });
  fake.state.setFlag({
    key: "of-both",
    conditions: [{ properties: [{ key: "plan", value: ["pro"] }] }, { groupType: null }],
  });
  fake.state.setFlag({ key: "of-teams", groupType: "team" });
  fake.state.setFlag({ key: "on-persons", properties: [{ key: "of-persons", type: "flag", operator: "flag_evaluates_to", value: true }] });
});
afterEach(async () => {
  await api.stop();
  await fake.close();
});

async function start(more: Record<string, string> = {}) {
  api = await startApi("sqlite", {
    variables: {
      POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
      POSTHOG_HOST: fake.origin,
      POSTHOG_FLAG_POLL_INTERVAL: "1",
      POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1",
      // On a busy machine the stand-in takes its time.
      POSTHOG_FLAG_TIMEOUT_MS: "5000",
      ...more,
    },
  });
  await api.catalogue(features, [plan("basic", { for_teams: true, plain: true }), plan("pro", {}, { includes: "basic", rank: 20 })]);
  await api.tenant("acme", { plan: "basic" });
  await api.tenant("pro", { plan: "pro" });
  if (more.POSTHOG_SECRET_KEY) await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
}
const ask = async (name: string, { user, tenant = "acme" }: { user?: string; tenant?: string } = {}) => {
  const query = new URLSearchParams({ tenant, feature: name, ...(user ? { user } : {}) });
  const answer = await api.get(`/api/entitlements?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()).entitlements[name];
};
const kept = async () => (await api.services.db.read.select().from(api.services.db.tables.flagValues)).map((row) => row.flag);
const asked = () => fake.state.requests["/flags/"] ?? 0;
const namedOnes = () => fake.state.questions.filter((q) => q.distinct_id === ann).map((q) => q.flag_keys_to_evaluate);

describe.each(["by asking PostHog", "by local evaluation"] as const)("flags %s", (way) => {
  const isLocal = way === "by local evaluation";
  beforeEach(() => start(isLocal ? { POSTHOG_SECRET_KEY: fake.state.secretKey } : {}));

  test("about persons say nothing of a tenant alone, whoever they are on for, and nothing of them is kept for it", async () => {
    expect(await ask("for_tenants")).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    // That a flag depends on one of persons, only definitions say.
    for (const name of isLocal ? ["for_persons", "on_persons"] : ["for_persons"])
      expect((await ask(name)).sources).toEqual([expect.objectContaining({ state: "unknown", reason: "user_required" })]);
    await api.services.posthog?.flushLast();
    expect((await kept()).sort()).toEqual(isLocal ? ["of-both", "of-tenants"] : ["of-tenants", "on-persons"]);
    expect(await ask("for_persons", { user: ann })).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(await ask("for_persons")).toMatchObject({ entitled: false });
  });

  test("about persons do not make an OpenFeature client fetch again what it has just got: the stream begins with nothing new", async () => {
    const bulk = async (user: string | undefined) => {
      const context = user ? { targetingKey: user, tenant: "acme" } : { targetingKey: "acme" };
      const { flags, eventStreams } = await (await api.send("POST", "/ofrep/v1/evaluate/flags", { context }, api.keys.check)).json();
      const { requestUri } = eventStreams[0].endpoint;
      return { value: flags.find((f: { key: string }) => f.key === "for_persons").value, requestUri };
    };
    expect((await bulk(undefined)).value).toBe(false);
    const { value, requestUri } = await bulk(ann);
    expect(value).toBe(true);
    const ending = new AbortController();
    const stream = await fetch(api.origin + requestUri, { signal: ending.signal });
    const first = new TextDecoder().decode((await stream.body?.getReader().read())?.value);
    ending.abort();
    expect(first).not.toContain("refetchEvaluation");
  });

  test("about both say of a tenant alone what they say of tenants, where definitions tell it apart", async () => {
    expect((await ask("for_both")).sources).toEqual([
      expect.objectContaining(isLocal ? { state: "off" } : { state: "unknown", reason: "user_required" }),
    ]);
    expect(await ask("for_both", { tenant: "pro" })).toMatchObject({ entitled: isLocal });
    expect(await ask("for_both", { user: ann })).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(await ask("for_both", { user: ann, tenant: "pro" })).toMatchObject({ entitled: true });
  });

  test("about groups of another type say nothing: a gate of theirs closes for nobody", async () => {
    expect(await ask("for_teams")).toMatchObject({
      entitled: true,
      reason: { code: "plan" },
      sources: [{}, { source: "flag", flag: "of-teams", state: "unknown", reason: "other_group_type" }],
    });
  });

  test("a user goes along with flags about persons only, and only when one of those is asked for", async () => {
    for (const name of ["plain", "for_tenants", "for_teams"]) await ask(name, { user: ann });
    expect(namedOnes()).toEqual([]);
    await ask("for_both", { user: ann });
    expect(namedOnes().length).toBe(1);
    expect(namedOnes().flat()).toContain("of-both");
    expect(namedOnes().flat()).not.toContain("of-tenants");
  });

  test("while PostHog is away, a user of a known tenant is told at once what is known of the tenant", async () => {
    await ask("for_tenants");
    fake.state.mode.default = "silent";
    const before = asked();
    expect(await ask("for_tenants", { user: ann })).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(asked()).toBe(before);
  });
});

describe("without definitions", () => {
  test("whom flags are about is asked once, not with each tenant, and again after a while", async () => {
    await start();
    for (let i = 0; i < 5; i++) {
      await api.tenant(`t${i}`, { plan: "basic" });
      await ask("for_tenants", { tenant: `t${i}` });
    }
    const ofNobody = () => fake.state.questions.filter((q) => Object.keys(q.groups as object).length === 0).length;
    expect(ofNobody()).toBe(1);
    fake.state.setFlag({ key: "of-tenants", groupType: null });
    await until(
      async () => {
        api.clock.now += 600_000;
        const [source] = (await ask("for_tenants")).sources;
        return source.reason === "user_required" || undefined;
      },
      10_000,
      () => "it still counts as one of tenants",
    );
    expect(ofNobody()).toBeGreaterThan(1);
  });

  test("a flag that PostHog does not have, or not switched on, is asked for again with the others", async () => {
    fake.state.setFlag({ key: "of-persons", groupType: null, active: false });
    await start();
    expect((await ask("for_persons")).sources).toEqual([expect.objectContaining({ state: "off" })]);
    fake.state.setFlag({ key: "of-persons", groupType: null });
    await until(
      async () => {
        api.clock.now += 1_000;
        const [source] = (await ask("for_persons")).sources;
        return source.reason === "user_required" || undefined;
      },
      10_000,
      () => "it does not count as one of persons",
    );
  });
});

test("a flag by persons that only asks for flags about tenants needs no user, where definitions tell", async () => {
  const asks = (key: string, value: boolean) => ({ key, type: "flag" as const, operator: "flag_evaluates_to", value });
  fake.state.setFlag({ key: "on-tenants", groupType: null, properties: [asks("of-tenants", true)] });
  fake.state.setFlag({ key: "not-on-tenants", groupType: null, properties: [asks("of-tenants", false)] });
  fake.state.setFlag({ key: "on-half", groupType: null, properties: [asks("of-tenants", true)], rollout: 50 });
  fake.state.setFlag({ key: "through-another", groupType: null, properties: [asks("on-tenants", true)] });
  const keys = ["on-tenants", "not-on-tenants", "on-half", "through-another"];
  features.push(...keys.map((key) => feature(key, { flag: tie(key) })));
  try {
    await start({ POSTHOG_SECRET_KEY: fake.state.secretKey });
    const said = async (tenant: string) =>
      Promise.all(keys.map(async (key) => (({ state, reason }) => reason ?? state)((await ask(key, { tenant })).sources[0])));
    expect(await said("acme")).toEqual(["on", "off", "user_required", "on"]);
    expect(await said("pro")).toEqual(["off", "on", "user_required", "off"]);
    expect(asked()).toBe(0);
  } finally {
    features.splice(-keys.length);
  }
});

test("a tenant whose plan is changed is asked about before hundreds whose verdicts have grown old", async () => {
  await start();
  const many = Array.from({ length: 300 }, (_, i) => `t${i}`);
  for (const key of many) await api.tenant(key, { plan: "basic" });
  for (const tenant of [...many, "acme"]) await ask("for_tenants", { tenant });
  fake.state.mode["/flags/"] = "slow";
  fake.state.slowMs = 200;
  api.clock.now += 60_000;
  for (const tenant of many) await ask("for_tenants", { tenant });
  await api.tenant("acme", { plan: "pro" });
  // A slow machine has asked about many of the others by now.
  const before = fake.state.questions.length;
  await until(
    async () => (await ask("for_tenants")).sources[0].state === "off" || undefined,
    20_000,
    () => "the other plan does not count",
  );
  const since = fake.state.questions.slice(before).map((q) => (q.groups as { organization?: string }).organization);
  expect(since.indexOf("acme")).toBeGreaterThan(-1);
  expect(since.indexOf("acme")).toBeLessThan(100);
});
