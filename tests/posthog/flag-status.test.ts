import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hour } from "~/core/time";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

const features = [feature("ai_search", { flag: { key: "ai-search", rule: "grant", whenUnknown: "last" } }), feature("plain")];
const plans = [plan("basic", { plain: true }), plan("pro", { plain: true }, { rank: 20 })];

let fake: FakePosthog;
const open: Api[] = [];

async function start(more: Record<string, string>, like?: Api): Promise<Api> {
  const variables = {
    POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
    POSTHOG_HOST: fake.origin,
    POSTHOG_FLAG_POLL_INTERVAL: "1",
    POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1",
    ...more,
  };
  const api = await startApi("sqlite", { variables, ...(like && { url: like.services.url, keys: like.keys }) });
  open.push(api);
  if (!like) {
    await api.catalogue(features, plans);
    await api.tenant("acme", { plan: "basic" });
  }
  return api;
}
const stop = async (api: Api) => {
  open.splice(open.indexOf(api), 1);
  await api.stop();
};
const local = () => ({ POSTHOG_SECRET_KEY: fake.state.secretKey });
const ready = (api: Api) => api.services.posthog?.client.waitForLocalEvaluationReady(10_000);
const ask = async (api: Api) => {
  const answer = await api.get("/api/entitlements?tenant=acme&feature=ai_search");
  expect(answer.status).toBe(200);
  return (await answer.json()).entitlements.ai_search;
};
const status = (api: Api) => api.services.posthog?.flags.status("acme");
const polls = () => fake.state.requests["/flags/definitions"] ?? 0;
/** Two more polls: what the first of them brought is in use. */
const polled = async (api: Api) => {
  const before = polls();
  await until(
    async () => {
      // The lease on fetching is of the test's clock.
      api.clock.now += 1_000;
      return polls() >= before + 2 || undefined;
    },
    20_000,
    () => "there were no polls",
  );
};
const becomes = (api: Api, is: (s: NonNullable<ReturnType<typeof status>>) => boolean, look = async () => {}) =>
  until(
    async () => {
      await look();
      const now = status(api);
      return now && is(now) ? now : undefined;
    },
    20_000,
    () => `it is ${JSON.stringify(status(api))}`,
  );

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  fake.state.mode.default = "ok";
  for (const api of open.splice(0)) await api.stop();
  await fake.close();
});

describe("by local evaluation", () => {
  test("the very first check after a poll that brought news has the news, and so has one after the tenant's plan changed", async () => {
    const flag = (plans: string[]) => fake.state.setFlag({ key: "ai-search", properties: [{ key: "plan", value: plans }] });
    flag(["pro"]);
    const api = await start(local());
    await ready(api);
    expect(await ask(api)).toMatchObject({ entitled: false });
    flag(["basic"]);
    await polled(api);
    expect(await ask(api)).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    await api.tenant("acme", { plan: "pro" });
    expect(await ask(api)).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
    expect(fake.state.requests["/flags/"] ?? 0).toBe(0);
  });

  test.each(["500", "401", "garbage", "hang", "refuse"] as const)(
    "when PostHog's definitions do not come (%s) it says since when and why, rests on those it has, and forgets it once they come",
    async (mode) => {
      fake.state.setFlag({ key: "ai-search" });
      const api = await start(local());
      await ready(api);
      expect(await ask(api)).toMatchObject({ entitled: true });
      expect(status(api)).toEqual({ trouble: null, restsOn: "last", isAsking: false });
      fake.state.mode["/flags/definitions"] = mode;
      const down = await becomes(api, ({ trouble }) => trouble !== null);
      const why = {
        500: "PostHog answered 500 to a question about flags.",
        401: "PostHog refuses the secret key (401).",
        garbage: "Something that is not PostHog answered.",
        hang: "PostHog gave no whole answer about flags in time.",
        refuse: "PostHog cannot be reached.",
      }[mode];
      expect(down).toMatchObject({ trouble: { since: api.clock.now, why }, restsOn: "definitions" });
      const since = api.clock.now;
      api.clock.now += hour;
      const held = await ask(api);
      expect(held).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
      expect(held).not.toHaveProperty("isStale");
      expect(status(api)?.trouble?.since).toBe(since);
      fake.state.mode["/flags/definitions"] = "ok";
      await becomes(api, ({ trouble }) => trouble === null);
    },
    40_000,
  );

  test("a process that starts while PostHog is away, after the last one ended, has the definitions and knows since when", async () => {
    fake.state.setFlag({ key: "ai-search" });
    const first = await start(local());
    await ready(first);
    // Keeps the database for the second.
    const keeper = await start({ POSTHOG_ENABLED: "false" }, first);
    fake.state.mode["/flags/definitions"] = "500";
    const { trouble } = await becomes(first, (s) => s.trouble !== null);
    await first.services.posthog?.stop();
    const second = await start(local(), keeper);
    second.clock.now = first.clock.now + hour;
    await ready(second);
    await second.tenant("fresh", { plan: "basic" });
    const answer = await (await second.get("/api/entitlements?tenant=fresh&feature=ai_search")).json();
    expect(answer.entitlements.ai_search).toMatchObject({ entitled: true, reason: { code: "flag_on" } });
    expect(status(second)).toMatchObject({ trouble: { since: trouble?.since }, restsOn: "definitions" });
    fake.state.mode["/flags/definitions"] = "ok";
    await becomes(second, (s) => s.trouble === null);
    await stop(second);
    await stop(keeper);
  });

  test("a process that leaves asking to another one knows what that one met", async () => {
    fake.state.setFlag({ key: "ai-search" });
    const first = await start(local());
    await ready(first);
    const second = await start(local(), first);
    await ready(second);
    fake.state.mode["/flags/definitions"] = "500";
    await becomes(first, ({ trouble }) => trouble !== null);
    await becomes(second, ({ trouble }) => trouble !== null);
    fake.state.mode["/flags/definitions"] = "ok";
    await becomes(second, ({ trouble }) => trouble === null);
    await stop(second);
  });
});

describe("by asking PostHog", () => {
  test.each([
    ["500", "PostHog answered 500 to a question about flags."],
    ["401", "PostHog refuses the project API key (401)."],
    ["402", "PostHog's quota of flag requests is used up (402)."],
    ["garbage", "Something that is not PostHog answered."],
    ["silent", "PostHog gave no answer about flags within 300 ms."],
    ["refuse", "PostHog cannot be reached."],
  ] as const)("when it does not answer (%s) it says since when and why, and forgets it with the next answer", async (mode, why) => {
    fake.state.setFlag({ key: "ai-search" });
    const api = await start({});
    expect(await ask(api)).toMatchObject({ entitled: true });
    expect(status(api)).toEqual({ trouble: null, restsOn: "last", isAsking: false });
    fake.state.mode["/flags/"] = mode;
    const since = api.clock.now + 1_000;
    api.clock.now = since;
    await ask(api);
    expect(status(api)?.isAsking).toBe(true);
    expect(await becomes(api, ({ trouble }) => trouble !== null)).toEqual({ trouble: { since, why }, restsOn: "last", isAsking: false });
    api.clock.now += 2_000;
    expect(await ask(api)).toMatchObject({ entitled: true, isStale: true });
    await becomes(api, ({ isAsking }) => !isAsking);
    expect(status(api)?.trouble?.since).toBe(since);
    fake.state.mode["/flags/"] = "ok";
    const look = async () => {
      api.clock.now += 1_000;
      await ask(api);
    };
    await becomes(api, ({ trouble }) => trouble === null, look);
  });

  test("nothing is said of a catalogue without a tie", async () => {
    const api = await start({});
    await api.catalogue([feature("ai_search"), feature("plain")], plans);
    expect(status(api)).toBeNull();
  });
});
