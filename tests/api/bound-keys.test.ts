import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "~/core/time";
import { createKey, listKeys, revokeKey } from "~/server/keys/api-keys.server";
import { rotateKey, usualOverlap } from "~/server/keys/key-rotation.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, meteredFeature, plan } from "../support/facts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("basic", { sso: true, calls: 5 })]);
  for (const key of ["acme", "other"]) await api.tenant(key, { name: key, plan: "basic" });
});
afterAll(() => api.stop());

const make = (form: Partial<Parameters<typeof createKey>[2]>) =>
  createKey(api.services, ada, { name: "Bound", scopes: ["check"], expiresAt: null, ...form });
const refusal = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
const forbidden = [403, "tenant_forbidden"];

test("a key of a tenant is answered about that tenant, and forbidden to ask about others, even when the answer lies ready", async () => {
  const { key } = await make({ tenant: "acme", kind: "pub", origins: ["https://app.example.com"] });
  expect(key).toMatch(/^lk_pub_[0-9A-Za-z]{36}$/);
  for (const question of ["tenant=other&feature=sso", "tenant=other", "tenant=nobody"]) {
    await api.get(`/api/entitlements?${question}`);
    expect((await api.get(`/api/entitlements?${question}`)).status).toBe(200);
    expect(await refusal(await api.get(`/api/entitlements?${question}`, key))).toEqual(forbidden);
  }
  expect((await api.get("/api/entitlements?tenant=acme&feature=sso", key)).status).toBe(200);
  expect((await api.get("/api/entitlements?tenant=acme&feature=sso", key)).status).toBe(200);
  const checks = (...tenants: string[]) => ({ checks: tenants.map((tenant) => ({ tenant, feature: "sso" })) });
  expect((await api.send("POST", "/api/entitlements", checks("acme"), key)).status).toBe(200);
});

test("of many questions those about another tenant are refused by themselves, one for each feature, and the others answered", async () => {
  const { key } = await make({ tenant: "acme" });
  const checks = [
    { tenant: "other", features: ["sso", "calls"] },
    { tenant: "acme", feature: "sso" },
    { tenant: "nobody", feature: "sso" },
  ];
  for (const query of ["", "?explain=1"]) {
    const answer = await api.send("POST", `/api/entitlements${query}`, { checks }, key);
    expect(answer.status).toBe(200);
    const { results } = await answer.json();
    const error = { code: "tenant_forbidden", field: "tenant", message: expect.stringContaining("bound to the tenant acme") };
    expect(results).toEqual([
      { tenant: "other", feature: "sso", error },
      { tenant: "other", feature: "calls", error },
      expect.objectContaining({ tenant: "acme", feature: "sso", entitled: true }),
      { tenant: "nobody", feature: "sso", error },
    ]);
  }
});

test("a bound key reports and consumes for its own tenant only: of a batch what names another is refused by itself", async () => {
  const { key } = await make({ tenant: "acme", scopes: ["usage"] });
  const event = (tenant: string, idempotencyKey: string) => ({ tenant, feature: "calls", quantity: 1, idempotencyKey });
  const report = (...events: object[]) => api.send("POST", "/api/usage", { events }, key);
  const answer = await report(event("other", "a"), event("acme", "b"), event("nobody", "c"), event("acme", "d"));
  expect(answer.status).toBe(200);
  const refused = { status: "refused", code: "tenant_forbidden", field: "tenant" };
  const recorded = { status: "recorded", used: 2 };
  expect(await answer.json()).toMatchObject({ recorded: 2, refused: 2, results: [refused, recorded, refused, recorded] });
  expect(await (await report(event("other", "e"))).json()).toMatchObject({ recorded: 0, refused: 1 });
  const consume = (tenant: string) => api.send("POST", "/api/usage/consume", { tenant, feature: "calls", quantity: 1 }, key);
  expect((await consume("acme")).status).toBe(200);
  expect(await refusal(await consume("other"))).toEqual(forbidden);
  const used = async (tenant: string) => (await (await api.get(`/api/entitlements?tenant=${tenant}`)).json()).entitlements.calls.used;
  expect([await used("acme"), await used("other")]).toEqual([3, 0]);
});

test("a bound key is refused wherever nobody looks at its tenant", async () => {
  const { key } = await make({ tenant: "acme", scopes: ["manage"] });
  expect(await refusal(await api.send("PUT", "/api/tenants/other", { name: "Taken" }, key))).toEqual(forbidden);
});

test("rotation makes a key that may do the same; the old one works until the end of the overlap, to the millisecond", async () => {
  const old = await make({ tenant: "acme", kind: "pub", origins: ["https://app.example.com"] });
  const at = api.clock.now;
  const rotated = await rotateKey(api.services, ada, old.id);
  if (!rotated.ok) throw new Error(rotated.why);
  const row = async (id: string) => (await listKeys(api.services)).find((k) => k.id === id);
  expect(await row(rotated.id)).toMatchObject({ kind: "pub", tenant: "acme", origins: ["https://app.example.com"], replaces: old.id });
  const status = async (key: string) => (await api.get("/api/entitlements?tenant=acme&feature=sso", key)).status;
  api.clock.now = at + usualOverlap - 1;
  expect([await status(old.key), await status(rotated.key)]).toEqual([200, 200]);
  api.clock.now = at + usualOverlap;
  expect([await status(old.key), await status(rotated.key)]).toEqual([401, 200]);
  expect(await rotateKey(api.services, ada, old.id)).toEqual({ ok: false, why: "over" });
  api.clock.now = at;
  expect(await rotateKey(api.services, ada, old.id)).toEqual({ ok: false, why: "replaced" });
  await revokeKey(api.services, ada, rotated.id);
  expect(await rotateKey(api.services, ada, old.id, 0)).toMatchObject({ ok: true, oldEndsAt: at });
  expect(await rotateKey(api.services, ada, "key_none")).toEqual({ ok: false, why: "unknown" });
});

test("a key with an end gets a successor with as long a life", async () => {
  const old = await make({ expiresAt: api.clock.now + 1_000 });
  const rotated = await rotateKey(api.services, ada, old.id);
  if (!rotated.ok) throw new Error(rotated.why);
  expect(rotated.oldEndsAt).toBe(api.clock.now + 1_000);
  expect((await listKeys(api.services)).find((k) => k.id === rotated.id)?.expiresAt).toBe(api.clock.now + 1_000);
});

test("however often keys take over and are revoked, one that was to live on does, and one with an end has as long a life", async () => {
  const end = async (id: string) => (await listKeys(api.services)).find((k) => k.id === id)?.expiresAt;
  for (const life of [null, 90 * day]) {
    const old = await make({ expiresAt: life && api.clock.now + life });
    const rotate = async (id: string) => {
      const rotated = await rotateKey(api.services, ada, id, 60_000);
      if (!rotated.ok) throw new Error(rotated.why);
      expect(await end(rotated.id)).toBe(rotated.expiresAt);
      return rotated;
    };
    const second = await rotate(old.id);
    const third = await rotate(second.id);
    await revokeKey(api.services, ada, third.id);
    await revokeKey(api.services, ada, second.id);
    expect((await rotate(old.id)).expiresAt).toBe(life && api.clock.now + life);
  }
});
