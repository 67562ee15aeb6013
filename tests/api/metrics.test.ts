import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";
import { startProgram } from "../support/program";

let api: Api;
afterEach(() => api.stop());
const token = "a-token-of-some-length";
const scrape = (sent?: string) => api.get("/metrics", sent ?? null);

test("metrics are off until a token is set, and then only for who has it", async () => {
  api = await startApi();
  expect((await scrape(token)).status).toBe(404);
  await api.stop();
  api = await startApi("sqlite", { variables: { METRICS_TOKEN: token } });
  expect((await scrape()).status).toBe(401);
  expect((await scrape("wrong")).status).toBe(401);
  expect((await scrape(token)).status).toBe(200);
});

test("metrics count checks by outcome, hits and misses, and name no tenant", async () => {
  api = await startApi("sqlite", { variables: { METRICS_TOKEN: token } });
  await api.catalogue([feature("sso"), feature("audit")], [plan("starter", { sso: true })]);
  await api.tenant("acme-secret", { plan: "starter" });
  for (let i = 0; i < 3; i++) await api.get("/api/entitlements?tenant=acme-secret&feature=sso");
  await api.get("/api/entitlements?tenant=acme-secret&feature=audit");
  await api.get("/api/entitlements?tenant=acme-secret");
  const text = await (await scrape(token)).text();
  for (const line of [
    'latchkey_checks_total{outcome="allowed"} 3',
    'latchkey_checks_total{outcome="refused"} 1',
    'latchkey_checks_total{outcome="all"} 1',
    'latchkey_answers_total{cache="hit"} 2',
    'latchkey_answers_total{cache="miss"} 3',
    "latchkey_facts_tenants 1",
    "latchkey_facts_stale 0",
    "latchkey_outbox_rows 0",
    "latchkey_outbox_age_seconds 0",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/latchkey_transaction_seconds_count [1-9]/);
  expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds/);
  expect(text).not.toContain("acme");
});

test("every metric that is promised is there and moves: outbox and its age, the flags' age and trouble, staleness, time of the database and of the event loop", async () => {
  const fake = await startFakePosthog();
  fake.state.setFlag({ key: "ai-search" });
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" };
  api = await startApi("sqlite", { variables: { METRICS_TOKEN: token, ...posthog } });
  const read = async (name: string) => {
    const line = (await (await scrape(token)).text()).split("\n").find((l) => l.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  };
  const becomes = (name: string, is: (value: number) => boolean) =>
    until(
      async () => {
        await api.get("/api/entitlements?tenant=acme&feature=ai");
        api.clock.now += 1_000;
        const value = await read(name);
        return value !== undefined && is(value) ? true : undefined;
      },
      15_000,
      () => `${name} did not become what it should`,
    );
  await api.catalogue([feature("ai", { flag: { key: "ai-search", rule: "grant", whenUnknown: "last" } })], []);
  expect(await read("latchkey_flags_age_seconds")).toBeNaN();
  const transactions = (await read("latchkey_transaction_seconds_count")) as number;
  await api.tenant("acme", {});
  expect(await read("latchkey_transaction_seconds_count")).toBeGreaterThan(transactions);

  const rows = (await read("latchkey_outbox_rows")) as number;
  const age = (await read("latchkey_outbox_age_seconds")) as number;
  api.clock.now += 60_000;
  expect([rows > 0, ((await read("latchkey_outbox_age_seconds")) as number) - age]).toEqual([true, 60]);

  await becomes("latchkey_flags_age_seconds", (seconds) => seconds >= 0);
  expect(await read("latchkey_flags_down")).toBe(0);
  fake.state.mode.default = "500";
  await becomes("latchkey_flags_down", (down) => down === 1);
  await becomes("latchkey_flags_age_seconds", (seconds) => seconds > 5);

  for (const name of ["nodejs_eventloop_lag_p50_seconds", "nodejs_eventloop_lag_p99_seconds", "nodejs_heap_size_used_bytes"])
    expect([name, await read(name)]).toEqual([name, expect.any(Number)]);
  const { db } = api.services;
  db.hasMoved = () => {
    throw new Error("the database is away");
  };
  await becomes("latchkey_facts_stale", (stale) => stale === 1);
  await fake.close();
});

test("as it is built, the program measures the delays of its event loop and its garbage collections", async () => {
  api = await startApi();
  const program = await startProgram({ METRICS_TOKEN: token });
  try {
    const line = async (name: string) => {
      const answer = await fetch(`${program.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
      return (await answer.text()).split("\n").find((l) => l.startsWith(name));
    };
    const p99 = await until(
      async () => Number((await line("nodejs_eventloop_lag_p99_seconds "))?.split(" ")[1]) || undefined,
      10_000,
      () => "no delay was measured",
    );
    expect(p99).toBeGreaterThan(0);
    expect(await line("nodejs_gc_duration_seconds_count")).toBeTruthy();
  } finally {
    await program.stop();
  }
});

test("the table of metrics names each that there is, with its type, and no other", async () => {
  api = await startApi("sqlite", { variables: { METRICS_TOKEN: token } });
  const table = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const told = [...table.matchAll(/^\| `(latchkey_\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  const text = await (await scrape(token)).text();
  const there = [...text.matchAll(/^# TYPE (latchkey_\w+ \w+)$/gm)].map(([, name]) => name);
  expect(told.toSorted()).toEqual(there.toSorted());
});
