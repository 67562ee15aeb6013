import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, hour } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { feature, now, plan } from "../support/facts";
import { until } from "../support/poll";
import { engines } from "../support/services";

const features = [feature("sso"), feature("audit")];
const plans = [plan("starter", {}), plan("premium", { sso: true }, { rank: 20 })];

async function entitled(api: Api, key: string, tenant: string): Promise<boolean> {
  const answer = await api.get(`/api/entitlements?tenant=${tenant}&feature=sso`, key);
  expect(answer.status).toBe(200);
  return (await answer.json()).entitlements.sso.entitled;
}

/** SQLite reports another process's commit immediately; PostgreSQL's notification takes time. */
const soon = (ask: () => Promise<boolean>) =>
  until(
    async () => (await ask()) || undefined,
    5_000,
    () => "the change was not seen",
  );

describe.each(engines)("two processes on one %s", (engine) => {
  let here: Api;
  let there: Api;
  beforeEach(async () => {
    here = await startApi(engine);
    await here.catalogue(features, plans);
    await here.tenant("acme", { plan: "starter" });
    there = await startApi(engine, { url: here.services.url });
  });
  afterEach(async () => {
    await there.stop();
    await here.stop();
  });

  test("see each other's changes to tenants, to the catalogue and to keys", async () => {
    const { check } = here.keys;
    expect(await entitled(there, check, "acme")).toBe(false);
    expect(await entitled(there, check, "fresh")).toBe(false);
    await here.trial("acme", "sso");
    await here.tenant("fresh", { plan: "premium" });
    if (engine === "sqlite") {
      expect(await entitled(there, check, "acme")).toBe(true);
      expect(await entitled(there, check, "fresh")).toBe(true);
    } else {
      await soon(() => entitled(there, check, "acme"));
      await soon(() => entitled(there, check, "fresh"));
    }
    await there.catalogue(features, [plan("starter", { sso: true }), plans[1] as (typeof plans)[0]]);
    await here.tenant("other", { plan: "starter" });
    await soon(() => entitled(here, check, "other"));
    const fresh = await there.keyFor("check");
    await soon(async () => (await here.get("/api/entitlements?tenant=acme", fresh)).status === 200);
  });

  test("answer from memory: asking a known tenant again reads nothing of the database", async () => {
    const { check } = here.keys;
    await entitled(here, check, "acme");
    const before = here.services.facts.held().tenants;
    await entitled(here, check, "acme");
    expect(here.services.facts.held().tenants).toBe(before);
  });
});

describe("a PostgreSQL that is gone", () => {
  let api: Api;
  let admin: pg.Client;
  let name: string;
  beforeEach(async () => {
    api = await startApi("postgres");
    await api.catalogue(features, plans);
    await api.tenant("acme", { plan: "premium" });
    await api.tenant("cold", { plan: "premium" });
    const url = new URL(api.services.url);
    name = url.pathname.slice(1);
    url.pathname = "/postgres";
    admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
  });
  afterEach(async () => {
    await admin.query(`alter database ${name} allow_connections true`);
    await admin.end();
    await api.stop();
  });

  test("leaves known tenants answered, marked stale; unknown ones get 503, never a no; and it is over when the database is back", async () => {
    await entitled(api, api.keys.check, "acme");
    // A second process that has not seen "cold" yet.
    const other = await startApi("postgres", { url: api.services.url });
    await entitled(other, api.keys.check, "acme");
    await admin.query(`alter database ${name} allow_connections false`);
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    const ask = (tenant: string) => other.get(`/api/entitlements?tenant=${tenant}&feature=sso`, api.keys.check);
    const stale = async () => (await (await ask("acme")).json()).isStale as boolean;
    await soon(stale);
    expect(await (await ask("acme")).json()).toMatchObject({ isStale: true, entitlements: { sso: { entitled: true } } });
    const many = await other.send("POST", "/api/entitlements", { checks: [{ tenant: "acme", feature: "sso" }] }, api.keys.check);
    expect(await many.json()).toMatchObject({ isStale: true, results: [{ entitled: true }] });
    const context = { context: { targetingKey: "acme" } };
    for (const path of ["flags/sso", "flags"]) {
      const flag = await other.send("POST", `/ofrep/v1/evaluate/${path}`, context, api.keys.check);
      expect(await flag.json()).toMatchObject({ metadata: { isStale: true } });
    }
    const cold = await ask("cold");
    expect(cold.status).toBe(503);
    expect(cold.headers.get("retry-after")).toBe("1");
    expect(await cold.json()).toMatchObject({ code: "facts_unavailable" });
    expect((await other.get("/healthz", null)).status).toBe(200);
    expect((await other.get("/readyz", null)).status).toBe(503);

    await admin.query(`alter database ${name} allow_connections true`);
    await soon(async () => !(await stale()));
    expect((await ask("cold")).status).toBe(200);
    await other.stop();
  });
});

describe("trials in a world without jobs", () => {
  test("end by the clock alone, in the same millisecond for one feature and for all", async () => {
    const api = await startApi();
    await api.catalogue(features, plans);
    await api.tenant("acme", { plan: "starter" });
    await api.trial("acme", "sso", now + day);
    await api.trial("acme", "audit", now + 2 * hour);
    const all = async () => {
      const { entitlements, validUntil } = await (await api.get("/api/entitlements?tenant=acme")).json();
      return [entitlements.sso.entitled, entitlements.audit.entitled, validUntil];
    };
    expect(await all()).toEqual([true, true, new Date(now + 2 * hour).toISOString()]);
    api.clock.now = now + 2 * hour - 1;
    expect(await all()).toEqual([true, true, new Date(now + 2 * hour).toISOString()]);
    api.clock.now = now + 2 * hour;
    expect(await all()).toEqual([true, false, new Date(now + day).toISOString()]);
    api.clock.now = now + day;
    expect(await all()).toEqual([false, false, null]);
    await api.stop();
  });
});
