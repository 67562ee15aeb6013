import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FlagLink } from "~/core/model";
import { day, hour } from "~/core/time";
import { writeSetting } from "~db/store/settings.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { configFeature, feature, meteredFeature, plan } from "../support/facts";
import { until } from "../support/poll";
import { freshDatabaseUrl } from "../support/services";

const tie = (key: string, more: Partial<FlagLink> = {}): FlagLink => ({ key, rule: "grant", whenUnknown: "last", ...more });
const features = [
  feature("ai_search", { flag: tie("ai-search") }),
  feature("exports", { flag: tie("exports-gate", { rule: "gate" }) }),
  meteredFeature("api_calls", {}, { flag: tie("more-calls") }),
  configFeature("theme", { kind: "text", options: [] }, { flag: tie("theme-test") }),
  feature("beta", { flag: tie("beta-people") }),
  feature("plain"),
];
const plans = [
  plan("basic", { exports: true, plain: true, api_calls: 100 }),
  plan("pro", { ai_search: true }, { includes: "basic", rank: 20 }),
];

let fake: FakePosthog;
let api: Api;

const envFor = (more: Record<string, string> = {}) => ({
  POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
  POSTHOG_HOST: fake.origin,
  POSTHOG_FLAG_POLL_INTERVAL: "1",
  POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1",
  ...more,
});
const start = async (env: Record<string, string> = {}) => {
  api = await startApi("sqlite", { variables: envFor(env) });
  await api.catalogue(features, plans);
  await api.tenant("acme", { plan: "basic" });
};
const ask = async (name: string, query = "") => {
  const answer = await api.get(`/api/entitlements?tenant=acme&feature=${name}${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()).entitlements[name];
};
const becomes = (name: string, is: (e: Awaited<ReturnType<typeof ask>>) => boolean) =>
  until(
    async () => {
      // The verdicts in memory are a second old at the most, by the clock of the test.
      api.clock.now += 1_000;
      const entitlement = await ask(name);
      return is(entitlement) ? entitlement : undefined;
    },
    10_000,
    () => `${name} did not become what it should`,
  );

beforeEach(async () => {
  fake = await startFakePosthog();
  fake.state.setFlag({ key: "ai-search", properties: [{ key: "plan", value: ["basic"] }] });
  fake.state.setFlag({ key: "exports-gate" });
  fake.state.setFlag({ key: "more-calls", payloads: { true: { limit: 1 } } });
  fake.state.setFlag({ key: "theme-test", variants: [{ key: "dark", rollout_percentage: 100 }] });
  fake.state.setFlag({ key: "beta-people", groupType: null, properties: [{ key: "email", operator: "icontains", value: "@acme" }] });
});
afterEach(async () => {
  await api.stop();
  await fake.close();
});

const ways = { "by asking PostHog": {}, "by local evaluation": { POSTHOG_SECRET_KEY: "phx_set_below" } };

describe.each(Object.keys(ways) as (keyof typeof ways)[])("flags %s", (way) => {
  const local = way === "by local evaluation";
  beforeEach(async () => {
    await start(local ? { POSTHOG_SECRET_KEY: fake.state.secretKey } : {});
    if (local) await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
  });

  test("a gate that is off takes away what the plan gives, and gives it back", async () => {
    expect(await ask("exports")).toMatchObject({ entitled: true, source: "plan" });
    fake.state.setFlag({ key: "exports-gate", active: false });
    expect(await becomes("exports", (e) => !e.entitled)).toMatchObject({ reason: { code: "flag_off" } });
    fake.state.setFlag({ key: "exports-gate" });
    await becomes("exports", (e) => e.entitled);
  });

  test("a payload is the limit, a variant the text, and a payload of the wrong type is shown but gives nothing", async () => {
    fake.state.setFlag({ key: "more-calls", payloads: { true: 5000 } });
    expect(await becomes("api_calls", (e) => e.limit === 5000)).toMatchObject({ source: "flag", limit: 5000 });
    fake.state.setFlag({ key: "more-calls", payloads: { true: "plenty" } });
    const wrong = await becomes("api_calls", (e) => e.limit === 100);
    expect(wrong.sources).toContainEqual({ source: "flag", flag: "more-calls", state: "on", limit: "plenty" });
    expect(await ask("theme")).toMatchObject({ entitled: true, value: "dark" });
  });

  test("asks only for the flags that features are tied to", async () => {
    await ask("ai_search");
    for (const question of fake.state.questions) expect(question.flag_keys_to_evaluate).not.toContain("someone-elses");
    if (local) expect(fake.state.requests["/flags/"] ?? 0).toBe(0);
  });
});

describe("a restart while PostHog is away", () => {
  const restart = async (env: Record<string, string> = {}) => {
    const old = api;
    await old.services.posthog?.flushLast();
    const next = await startApi("sqlite", { url: old.services.url, variables: envFor(env), keys: old.keys });
    api = next;
    return old;
  };

  test("still has the last values: a grant counts for a day since it was seen, a gate for ever", async () => {
    await start();
    fake.state.setFlag({ key: "exports-gate", active: false });
    await becomes("exports", (e) => !e.entitled);
    const seen = api.clock.now;
    fake.state.mode.default = "500";
    const old = await restart();
    api.clock.now = seen + hour;
    expect(await ask("ai_search")).toMatchObject({ entitled: true, isStale: true, reason: { code: "flag_on" } });
    expect(await ask("exports")).toMatchObject({ entitled: false, isStale: true, reason: { code: "flag_off" } });
    api.clock.now = seen + day + hour;
    expect(await ask("ai_search")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
    expect(await ask("exports")).toMatchObject({ entitled: false, reason: { code: "flag_off" } });
    await api.stop();
    api = old;
  });

  test("still has the definitions, and evaluates them for a tenant that it never saw", async () => {
    await start({ POSTHOG_SECRET_KEY: fake.state.secretKey });
    await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
    await api.tenant("fresh", { plan: "basic" });
    fake.state.mode.default = "500";
    const old = await restart({ POSTHOG_SECRET_KEY: fake.state.secretKey });
    await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
    const answer = await (await api.get("/api/entitlements?tenant=fresh&feature=ai_search")).json();
    expect(answer.entitlements.ai_search).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    await api.stop();
    api = old;
  });

  /** Alone on its database: the process before it has ended in order and left it what it knew. */
  async function restartAlone(between: (first: Api) => void | Promise<void>, env: Record<string, string> = {}) {
    const { url, remove } = await freshDatabaseUrl("sqlite");
    const given = { url, variables: envFor({ POSTHOG_SECRET_KEY: fake.state.secretKey, POSTHOG_FLAG_POLL_INTERVAL: "3600", ...env }) };
    const first = await startApi("sqlite", given);
    await first.catalogue(features, plans);
    await first.tenant("acme", { plan: "basic" });
    const check = await first.keyFor("check");
    await first.services.posthog?.client.waitForLocalEvaluationReady(5_000);
    await between(first);
    await first.stop();
    api = await startApi("sqlite", { ...given, keys: { check, manage: check } });
    const { stop } = api;
    api.stop = () => stop().then(remove);
    await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
  }

  const confirmed = (key: string) => key.endsWith(":confirmed");
  const definitionSettings = async ({ services: { db } }: Api) =>
    (await db.read.select().from(db.tables.settings)).filter(({ key }) => key.includes("flag_definitions"));
  /** As if definitions had been kept so long ago. */
  async function age(first: Api, ms: number) {
    const { db } = first.services;
    for (const { key, value } of await definitionSettings(first)) {
      if (confirmed(key)) continue;
      const older = { ...(value as { at: number }), at: first.clock.now - ms };
      await db.transaction([], (tx) => writeSetting(tx, db.tables, key, older));
    }
  }

  describe("with definitions older than POSTHOG_FLAG_DEFINITIONS_CACHE_TTL", () => {
    const ttl = { POSTHOG_FLAG_DEFINITIONS_CACHE_TTL: "60" };

    test("counts what they say as the last known values, of every tenant: a grant for a day since they were given, a gate for ever", async () => {
      fake.state.setFlag({ key: "exports-gate", rollout: 0 });
      await restartAlone(async (first) => {
        await age(first, hour);
        fake.state.mode.default = "500";
      }, ttl);
      expect(await ask("ai_search")).toMatchObject({ entitled: true, isStale: true, reason: { code: "flag_on" } });
      expect(await ask("exports")).toMatchObject({ entitled: false, isStale: true, reason: { code: "flag_off" } });
      expect(api.services.posthog?.flags.status()).toMatchObject({ restsOn: "last" });
      api.clock.now += day;
      expect(await ask("ai_search")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
      expect(await ask("exports")).toMatchObject({ entitled: false, reason: { code: "flag_off" } });
    });

    test("counts them in full as soon as PostHog confirms them", async () => {
      await restartAlone(
        async (first) => {
          await age(first, hour);
          fake.state.mode["/flags/"] = "500";
          fake.state.mode["/flags/definitions"] = "500";
        },
        { ...ttl, POSTHOG_FLAG_POLL_INTERVAL: "1" },
      );
      expect(await ask("ai_search")).toMatchObject({ entitled: true, isStale: true });
      fake.state.mode["/flags/definitions"] = "ok";
      expect(await becomes("ai_search", (e) => !e.isStale)).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    });

    test("does not take them for older than PostHog's last answer that nothing changed", async () => {
      await restartAlone(
        async (first) => {
          await until(
            async () => (await definitionSettings(first)).find(({ key }) => confirmed(key)),
            10_000,
            () => "no 304 was noted",
          );
          await age(first, hour);
          fake.state.mode.default = "500";
        },
        { ...ttl, POSTHOG_FLAG_POLL_INTERVAL: "1" },
      );
      const answer = await ask("ai_search");
      expect(answer).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
      expect(answer.isStale).toBeUndefined();
    });
  });

  test.each(["500", "silent", "trickle"] as const)(
    "still has the definitions when no other process is left to have them: %s",
    async (mode) => {
      await restartAlone(() => {
        fake.state.mode.default = mode;
      });
      expect(await ask("ai_search")).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
      expect(fake.state.requests["/flags/"] ?? 0).toBe(0);
    },
  );

  test("that is over asks at once what counts now, and not only at the next poll", async () => {
    await restartAlone(() => void fake.state.setFlag({ key: "ai-search", active: false }));
    expect(await becomes("ai_search", (e) => !e.entitled)).toMatchObject({ reason: { code: "not_in_plan" } });
    expect(fake.state.requests["/flags/definitions"]).toBe(2);
  });
});

describe("PostHog's ways to fail", () => {
  test.each(["500", "429", "402", "401", "garbage", "hang", "silent", "trickle", "refuse"] as const)(
    "%s: a check is 200, and unknown is what the feature says",
    async (mode) => {
      fake.state.mode["/flags/"] = mode;
      await start({ POSTHOG_FLAG_TIMEOUT_MS: "50" });
      expect(await ask("plain")).toMatchObject({ entitled: true });
      expect(await ask("ai_search")).toMatchObject({
        entitled: false,
        reason: { code: "not_in_plan" },
        sources: [{ source: "flag", state: "unknown" }],
      });
      expect(await ask("exports")).toMatchObject({ entitled: true, source: "plan" });
    },
  );

  test("a failed flag and an answer over quota are unknown, not off", async () => {
    fake.state.faults.failed.add("exports-gate");
    await start();
    expect((await ask("exports")).sources).toContainEqual({
      source: "flag",
      flag: "exports-gate",
      state: "unknown",
      reason: "flag_failed",
    });
    fake.state.faults.failed.clear();
    await becomes("exports", (e) => e.sources.at(-1).state === "on");
    fake.state.faults.quotaLimited = true;
    expect(await becomes("exports", (e) => e.sources.at(-1).isStale === true)).toMatchObject({ entitled: true });
  });

  test("after five failures it is left alone for a while", async () => {
    fake.state.mode["/flags/"] = "500";
    await start();
    for (let i = 0; i < 30; i++) {
      await api.tenant(`t${i}`, { plan: "basic" });
      await api.get(`/api/entitlements?tenant=t${i}&feature=ai_search`);
    }
    expect(fake.state.requests["/flags/"]).toBe(5);
    expect(api.services.posthog?.flags.isDown()).toBe(true);
  });

  test("however long it was away, it is asked again within 31 seconds of coming back", async () => {
    fake.state.mode["/flags/"] = "500";
    await start();
    const asked = () => fake.state.requests["/flags/"] ?? 0;
    await until(
      async () => {
        api.clock.now += 31_000;
        await ask("ai_search");
        return asked() >= 20 || undefined;
      },
      20_000,
      () => "it is not tried again",
    );
    await until(
      async () => !api.services.posthog?.flags.status("acme")?.isAsking || undefined,
      5_000,
      () => "a question is under way",
    );
    fake.state.mode["/flags/"] = "ok";
    api.clock.now += 31_000;
    const before = asked();
    await ask("ai_search");
    await until(
      async () => asked() > before || undefined,
      5_000,
      () => "it is not asked",
    );
    await becomes("ai_search", (e) => e.entitled);
  });

  test("definitions that were loaded stay when the quota is used up and the next answer is 304", async () => {
    await start({ POSTHOG_SECRET_KEY: fake.state.secretKey });
    await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
    const asked = () => fake.state.requests["/flags/definitions"] ?? 0;
    const unchanged = () => fake.state.statuses["/flags/definitions 304"] ?? 0;
    /** The lease on fetching is of the test's clock. */
    const pollsUntil = (isSo: () => boolean) =>
      until(
        async () => {
          api.clock.now += 20_000;
          return isSo() || undefined;
        },
        // After a 429 the SDK polls less often.
        15_000,
        () => "no poll came",
      );
    await pollsUntil(() => unchanged() > 0);
    fake.state.mode["/flags/definitions"] = "402";
    const before = asked();
    await pollsUntil(() => asked() > before);
    fake.state.mode["/flags/definitions"] = "ok";
    const known = unchanged();
    await pollsUntil(() => unchanged() > known);
    expect(api.services.posthog?.client.isLocalEvaluationReady()).toBe(true);
    expect(await ask("ai_search")).toMatchObject({ entitled: true });
    expect(fake.state.requests["/flags/"] ?? 0).toBe(0);
  });
});

describe("flags of persons", () => {
  test("need a user: unknown without one, answered with one, and never kept for the tenant", async () => {
    fake.state.persons.set("u1", { email: "ann@acme.example" });
    await start({ POSTHOG_SECRET_KEY: fake.state.secretKey });
    await api.services.posthog?.client.waitForLocalEvaluationReady(5_000);
    expect((await ask("beta")).sources).toEqual([{ source: "flag", flag: "beta-people", state: "unknown", reason: "user_required" }]);
    expect(await ask("beta", "&user=u1")).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(await ask("beta", "&user=u2")).toMatchObject({ entitled: false });
    expect(await ask("beta")).toMatchObject({ entitled: false });
    const rows = await api.services.db.read.select().from(api.services.db.tables.flagValues);
    expect(rows.filter((r) => r.flag === "beta-people")).toEqual([]);
  });
});
