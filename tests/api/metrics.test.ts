import { afterEach, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";

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
    "latchkey_outbox_rows 2",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/latchkey_transaction_seconds_count [1-9]/);
  expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds/);
  expect(text).not.toContain("acme");
});
