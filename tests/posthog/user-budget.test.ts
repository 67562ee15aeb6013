import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FlagLink } from "~/core/model";
import { createKey } from "~/server/keys/api-keys.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, ada, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

const tie = (key: string): FlagLink => ({ key, rule: "grant", whenUnknown: "last" });
const features = [feature("for_persons", { flag: tie("of-persons") }), feature("for_tenants", { flag: tie("of-tenants") })];
const limits = { POSTHOG_USER_QUESTIONS_PER_MINUTE: "40", POSTHOG_BROWSER_USER_QUESTIONS_PER_MINUTE: "10" };
/** The first question about any user also asks whom the flags are about. */
const aboutUsers = () => fake.state.questions.filter((q) => String(q.distinct_id).startsWith("user-")).length;

let fake: FakePosthog;
let api: Api;
let pub: string;

async function start(more: Record<string, string> = {}) {
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "30" };
  api = await startApi("sqlite", { variables: { ...posthog, POSTHOG_FLAG_TIMEOUT_MS: "5000", ...limits, ...more } });
  await api.catalogue(features, [plan("basic", {})]);
  for (const tenant of ["acme", "globex"]) await api.tenant(tenant, { plan: "basic" });
  const form = { name: "web", kind: "pub" as const, scopes: ["check" as const], tenant: "acme", origins: ["https://a.b"], expiresAt: null };
  pub = (await createKey(api.services, ada, form)).key;
}

beforeEach(async () => {
  fake = await startFakePosthog();
  fake.state.setFlag({ key: "of-persons", groupType: null });
  fake.state.setFlag({ key: "of-tenants" });
});
afterEach(async () => {
  await api.stop();
  await fake.close();
});

async function ask(user: string | undefined, { key = api.keys.check, tenant = "acme", name = "for_persons" } = {}) {
  const query = new URLSearchParams({ tenant, feature: name, ...(user ? { user } : {}) });
  const headers = { authorization: `Bearer ${key}`, ...(key === pub ? { origin: "https://a.b" } : {}) };
  const answer = await fetch(`${api.origin}/api/entitlements?${query}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()).entitlements[name];
}
const many = async (count: number, from: number, options: Parameters<typeof ask>[1]) => {
  const answers = [];
  for (let i = 0; i < count; i++) answers.push(await ask(`user-${from + i}`, options));
  return answers;
};
const isRefused = (e: { sources: { state: string; reason?: string }[] }) =>
  e.sources[0]?.state === "unknown" && e.sources[0]?.reason === "user_limit";

describe("questions about users", () => {
  test("are bounded for each tenant and minute, and say so when they are over it", async () => {
    await start();
    const answers = await many(60, 0, {});
    expect(answers.filter(({ entitled }) => entitled)).toHaveLength(40);
    expect(answers.slice(40).every(isRefused)).toBe(true);
    expect(aboutUsers()).toBe(40);
    // Those that are known go on being answered, and another tenant has a budget of its own.
    expect(await ask("user-3")).toMatchObject({ entitled: true });
    expect(await ask("user-1000", { tenant: "globex" })).toMatchObject({ entitled: true });
    api.clock.now += 60_000;
    expect(await ask("user-59")).toMatchObject({ entitled: true });
  });

  test("of a browser key have a smaller budget, which leaves the server's untouched", async () => {
    await start();
    const answers = await many(30, 0, { key: pub });
    expect(answers.filter(({ entitled }) => entitled)).toHaveLength(10);
    expect(answers.slice(10).every(isRefused)).toBe(true);
    // The same user, refused to the page a moment ago.
    expect(await ask("user-29")).toMatchObject({ entitled: true });
    expect((await many(39, 100, {})).every(({ entitled }) => entitled)).toBe(true);
  });

  test("count against it when they are asked again, and a known value stays when there is none left", async () => {
    await start();
    await many(10, 0, { key: pub });
    fake.state.setFlag({ key: "of-persons", groupType: null, active: false });
    api.clock.now += 31_000;
    for (const answer of await many(10, 0, { key: pub })) expect(answer.entitled).toBe(true);
    expect(aboutUsers()).toBe(10);
    // The server's key has a budget left, and brings what counts now.
    await until(
      async () => !(await ask("user-1")).entitled || undefined,
      10_000,
      () => "the user was not asked about again",
    );
  });

  test("of a thousand users in one request are bounded too", async () => {
    await start();
    const checks = Array.from({ length: 1_000 }, (_, i) => ({ tenant: "acme", feature: "for_persons", user: `user-${i}` }));
    const answer = await api.send("POST", "/api/entitlements", { checks }, api.keys.check);
    expect(answer.status).toBe(200);
    expect(aboutUsers()).toBe(40);
  });

  test("that PostHog answers slowly or not at all do not stop the refreshes of tenants", async () => {
    await start({ POSTHOG_FLAG_TIMEOUT_MS: "100", POSTHOG_USER_QUESTIONS_PER_MINUTE: "0" });
    for (const tenant of ["acme", "globex"]) await ask(undefined, { tenant, name: "for_tenants" });
    // PostHog hangs while two hundred made-up users are asked about over many connections.
    fake.state.mode["/flags/"] = "silent";
    await Promise.all(Array.from({ length: 200 }, (_, i) => ask(`user-${i}`, {})));
    fake.state.mode["/flags/"] = "ok";
    expect(api.services.posthog?.flags.isDown()).toBe(false);
    fake.state.setFlag({ key: "of-tenants", active: false });
    await until(
      async () => {
        api.clock.now += 30_000;
        return !(await ask(undefined, { tenant: "globex", name: "for_tenants" })).entitled || undefined;
      },
      10_000,
      () => "the tenant's flags were not asked about again",
    );
  });

  test("that PostHog refuses for what they ask do not count as PostHog being away", async () => {
    await start({ POSTHOG_USER_QUESTIONS_PER_MINUTE: "0" });
    await ask("user-0");
    fake.state.mode["/flags/"] = "400";
    await many(20, 1, {});
    fake.state.mode["/flags/"] = "ok";
    expect(await ask("user-100")).toMatchObject({ entitled: true });
    expect(api.services.posthog?.flags.status()?.trouble).toBeNull();
  });
});

test("a flag that is linked later, or whose feature is restored, is waited for by tenants that are known already", async () => {
  await start();
  const late = (archivedAt: number | null) => feature("late", { flag: tie("of-tenants"), archivedAt });
  for (const tenant of ["acme", "globex"]) await ask(undefined, { tenant, name: "for_tenants" });
  fake.state.setFlag({ key: "late-flag" });
  await api.catalogue([...features, feature("linked", { flag: tie("late-flag") })], [plan("basic", {})]);
  for (const tenant of ["acme", "globex"]) expect(await ask(undefined, { tenant, name: "linked" })).toMatchObject({ entitled: true });
  await api.catalogue([...features, feature("linked", { flag: tie("late-flag"), archivedAt: 1 }), late(1)], [plan("basic", {})]);
  for (const tenant of ["acme", "globex"]) await ask(undefined, { tenant, name: "for_tenants" });
  fake.state.setFlag({ key: "restored-flag" });
  await api.catalogue([...features, feature("linked", { flag: tie("restored-flag") })], [plan("basic", {})]);
  for (const tenant of ["acme", "globex"]) expect(await ask(undefined, { tenant, name: "linked" })).toMatchObject({ entitled: true });
});
