import { parseList } from "structured-headers";
import { afterEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { createRateLimit } from "~/server/keys/rate-limits.server";
import { type Api, startApi } from "../support/api";
import { feature, now, plan } from "../support/facts";

describe("a rate limit", () => {
  test("gives a minute's worth at once, then as many as come back, and nothing for a clock that jumps back", () => {
    const limit = createRateLimit("requests", 60);
    for (let i = 0; i < 60; i++) expect(limit.take("a", now).ok).toBe(true);
    expect(limit.take("a", now)).toEqual({ ok: false, left: 0, resets: 1 });
    expect(limit.take("a", now + 999).ok).toBe(false);
    expect(limit.take("a", now + 1_000)).toEqual({ ok: true, left: 0, resets: 60 });
    expect(limit.take("a", now - 3_600_000).ok).toBe(false);
    expect(limit.take("b", now).ok).toBe(true);
  });

  test("never gives more than a minute's worth, however long nobody asked", () => {
    const limit = createRateLimit("requests", 2);
    limit.take("a", now);
    const later = now + day;
    expect([limit.take("a", later).ok, limit.take("a", later).ok, limit.take("a", later).ok]).toEqual([true, true, false]);
  });
});

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.stop();
});
async function start(variables: Record<string, string> = {}) {
  const api = await startApi("sqlite", { variables });
  open.push(api);
  return api;
}

/** Structured fields, as the drafts have them: an item with parameters in a list. */
const item = (header: string | null) => {
  const [[value, params]] = parseList(header ?? "") as unknown as [[string, Map<string, number>]];
  return [value, Object.fromEntries(params)];
};

test("every answer says what is left, and a refusal when to come back and which limit it was", async () => {
  const api = await start({ LATCHKEY_RATE_LIMIT: "2" });
  const get = () => api.get("/api/tenants", api.keys.manage);
  const first = await get();
  expect(item(first.headers.get("ratelimit-policy"))).toEqual(["requests", { q: 2, w: 60 }]);
  expect(item(first.headers.get("ratelimit"))).toEqual(["requests", { r: 1, t: 30 }]);
  await get();
  const refused = await get();
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("30");
  expect(await refused.json()).toMatchObject({
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    code: "rate_limited",
    "violated-policies": ["requests"],
  });
  expect(item(refused.headers.get("ratelimit"))).toEqual(["requests", { r: 0, t: 30 }]);
  api.clock.now = now + 30_000;
  expect((await get()).status).toBe(200);
  expect((await api.get("/api/tenants", await api.keyFor("manage"))).status).toBe(200);
});

test("checks have a limit of their own, on the quick way, on the plain one and for OpenFeature", async () => {
  const api = await start({ LATCHKEY_CHECK_RATE_LIMIT: "4", LATCHKEY_RATE_LIMIT: "1" });
  await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
  await api.tenant("acme", { plan: "starter" });
  const ask = () => api.get("/api/entitlements?tenant=acme&feature=sso");
  for (const left of [3, 2, 1]) expect(item((await ask()).headers.get("ratelimit"))).toMatchObject(["checks", { r: left }]);
  const context = { context: { targetingKey: "acme" } };
  const evaluate = () => api.send("POST", "/ofrep/v1/evaluate/flags/sso", context, api.keys.check);
  expect((await evaluate()).status).toBe(200);
  const [plain, flag] = [await ask(), await evaluate()];
  expect([plain.status, plain.headers.get("retry-after")]).toEqual([429, "15"]);
  expect([flag.status, flag.headers.get("retry-after")]).toEqual([429, "15"]);
  expect(await flag.json()).toMatchObject({ key: "sso", errorCode: "GENERAL" });
});

test("a page with a token uses up what tokens of its tenant may send, and nothing of its server or of other tenants", async () => {
  const api = await start({ LATCHKEY_CHECK_RATE_LIMIT: "2" });
  await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
  for (const key of ["acme", "other"]) await api.tenant(key, { plan: "starter" });
  const mint = async (tenant: string) => (await (await api.send("POST", `/api/tenants/${tenant}/token`, {}, api.keys.check)).json()).token;
  const [acme, again, other] = [await mint("acme"), await mint("acme"), await mint("other")];
  const ask = async (tenant: string, key: string) => (await api.get(`/api/entitlements?tenant=${tenant}&feature=sso`, key)).status;
  expect([await ask("acme", acme), await ask("acme", again), await ask("acme", acme)]).toEqual([200, 200, 429]);
  expect([await ask("other", other), await ask("acme", api.keys.check)]).toEqual([200, 200]);
});

test("minting a token and groups for PostHog are requests, and no checks", async () => {
  const api = await start({ LATCHKEY_RATE_LIMIT: "2" });
  await api.tenant("acme", {});
  const mint = (key: string) => api.send("POST", "/api/tenants/acme/token", {}, key);
  for (const key of [api.keys.check, api.keys.manage]) {
    expect(item((await mint(key)).headers.get("ratelimit"))).toMatchObject(["requests", { r: 1 }]);
    expect([(await mint(key)).status, (await mint(key)).status]).toEqual([201, 429]);
  }
  const groups = await api.get("/api/tenants/acme/posthog-groups", await api.keyFor("check"));
  expect(item(groups.headers.get("ratelimit"))).toMatchObject(["requests", { r: 1 }]);
});

test("a stranger is told so before anything of the body is read, however broken it is", async () => {
  const api = await start();
  for (const path of ["/api/tenants/a/grants", "/api/usage", "/api/usage/consume", "/api/entitlements", "/api/catalogue/import"]) {
    const answer = await api.send("POST", path, "{", null);
    expect([path, answer.status]).toEqual([path, 401]);
  }
  expect((await api.send("POST", "/ofrep/v1/evaluate/flags", "{", null)).status).toBe(401);
});
