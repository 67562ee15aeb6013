import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readEnv } from "~/server/env.server";
import { newApiKey } from "~/server/keys/api-key-format.server";
import { createServices } from "~/server/process/start.server";
import { type Api, startApi } from "../support/api";
import { feature, meteredFeature, plan } from "../support/facts";
import { until } from "../support/poll";

/** The node under test. Its database turns read-only, as an old primary does in a failover. */
let api: Api;
let admin: pg.Client;
let name: string;

beforeEach(async () => {
  const first = await startApi("postgres");
  await first.catalogue([feature("sso"), meteredFeature("calls")], [plan("pro", { sso: true, calls: 10 })]);
  for (const tenant of ["acme", "cold"]) await first.tenant(tenant, { plan: "pro" });
  const keys = { check: first.keys.check, manage: await first.keyFor("check", "manage", "usage") };
  await first.stop();
  api = await startApi("postgres", { url: first.url, keys });
  const url = new URL(first.url);
  name = url.pathname.slice(1);
  url.pathname = "/postgres";
  admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
});
afterEach(async () => {
  await setReadOnly(false);
  await admin.end();
  await api.stop();
});

/** `cuts`: connections are closed too, as by a restart; otherwise sessions that are open stay as they are. */
async function setReadOnly(isReadOnly: boolean, { cuts = true } = {}) {
  await admin.query(
    `alter database ${name} ${isReadOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only"}`,
  );
  if (cuts) await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
}

const check = (tenant: string, of = "sso", key = api.keys.check) => api.get(`/api/entitlements?tenant=${tenant}&feature=${of}`, key);
const seen = async (answer: Promise<Response>) => {
  const { status, headers } = await answer;
  return { status, isRetryable: headers.has("retry-after") };
};
const unavailable = { status: 503, isRetryable: true };
const event = (tenant: string, of = "calls") => ({ events: [{ tenant, feature: of, quantity: 1, idempotencyKey: `${tenant}-${of}` }] });

describe("while PostgreSQL takes no writes", () => {
  test("every write is answered 503 with Retry-After, and nothing is said not to exist", async () => {
    expect((await check("acme")).status).toBe(200);
    await setReadOnly(true);
    const writes: [method: string, path: string, body?: unknown][] = [
      ["PUT", "/api/tenants/acme", { plan: "pro" }],
      ["PUT", "/api/tenants/fresh", { plan: "pro" }],
      ["POST", "/api/tenants/nobody/grants", { kind: "trial", feature: "sso", days: 3 }],
      ["POST", "/api/usage", event("acme")],
      ["POST", "/api/usage", event("nobody")],
      ["POST", "/api/usage", event("acme", "unheard")],
      ["POST", "/api/usage/consume", { tenant: "acme", feature: "calls" }],
      ["POST", "/api/usage/consume", { tenant: "nobody", feature: "calls" }],
      ["PUT", "/api/plans/other", { name: "Other" }],
      ["DELETE", "/api/plans/nothing"],
    ];
    for (const [method, path, body] of writes) {
      // The first ones come before anything else has noticed.
      const answer = await seen(api.send(method, path, body));
      if (answer.status !== 404 || !path.startsWith("/api/tenants/nobody"))
        expect([method, path, answer]).toEqual([method, path, unavailable]);
    }
    for (const path of ["/api/tenants/nobody", "/api/features/unheard", "/api/plans/unheard"]) {
      expect([path, await seen(api.get(path, api.keys.manage))]).toEqual([path, unavailable]);
    }
    expect(await seen(check("nobody"))).toEqual(unavailable);
    expect(await seen(check("acme", "unheard"))).toEqual(unavailable);
    expect(await seen(check("acme", "sso", "lk_live_0000000000000000000000000000000000"))).toMatchObject({ status: 401 });
  });

  test("the first check of a tenant that is not there gets 503, and one of a known tenant its last answer, marked stale", async () => {
    expect((await check("acme")).status).toBe(200);
    await setReadOnly(true);
    expect(await seen(check("nobody"))).toEqual(unavailable);
    expect(await (await check("acme")).json()).toMatchObject({ isStale: true, entitlements: { sso: { entitled: true } } });
    const many = await (await api.send("POST", "/api/entitlements", { checks: [{ tenant: "nobody", feature: "sso" }] })).json();
    expect(many.results).toMatchObject([{ error: { code: "facts_unavailable" } }]);
  });

  test("the first usage event of a tenant that is not in memory gets 503, so that the app sends it again", async () => {
    await setReadOnly(true);
    expect(await seen(api.send("POST", "/api/usage", event("fresh")))).toEqual(unavailable);
  });

  test("a key that is not in memory gets 503", async () => {
    await setReadOnly(true);
    await until(
      async () => api.facts.isStale() || undefined,
      5_000,
      () => "it was not noticed",
    );
    expect(await seen(check("acme", "sso", newApiKey("live")))).toEqual(unavailable);
  });

  test("/readyz says no, in a sentence", async () => {
    await setReadOnly(true);
    // The first question may meet a connection that was closed.
    await until(
      async () => (await (await api.get("/readyz", null)).json()).detail === "The database takes no writes." || undefined,
      5_000,
      () => "it is ready",
    );
    expect((await api.get("/healthz", null)).status).toBe(200);
  });

  test("a node that is started says what is wrong and what to do", async () => {
    await setReadOnly(true);
    const start = createServices(readEnv({ DATABASE_URL: api.url, LOG_LEVEL: "silent", NODE_ENV: "test" }));
    await expect(start).rejects.toThrow(/takes no writes at the address in DATABASE_URL.*Name the server that takes writes/);
  });
});

test("once the address leads to a server that takes writes, all is as before, without the connections to the other one", async () => {
  await setReadOnly(true);
  await until(
    async () => api.facts.isStale() || undefined,
    5_000,
    () => "it was not noticed",
  );
  const pids = async () =>
    (await admin.query("select pid from pg_stat_activity where datname = $1 and backend_type = 'client backend'", [name])).rows;
  const before = new Set((await pids()).map(({ pid }) => pid));
  // Sessions keep the setting that they began with.
  await setReadOnly(false, { cuts: false });
  await until(
    async () => (await api.send("PUT", "/api/tenants/acme", { plan: "pro" })).status === 200 || undefined,
    10_000,
    () => "nothing can be written",
  );
  await until(
    async () => (await (await check("acme")).json()).isStale === false || undefined,
    10_000,
    () => "still stale",
  );
  expect((await api.get("/readyz", null)).status).toBe(200);
  expect((await pids()).filter(({ pid }) => before.has(pid))).toEqual([]);
  expect((await check("nobody")).status).toBe(200);
});
