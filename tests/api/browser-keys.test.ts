import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { minute } from "~/core/time";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, plan } from "../support/facts";

const [here, there, nowhere] = ["https://app.example.com", "https://shop.example.com:8443", "https://evil.example"];

let api: Api;
let pub: string;
let backend: { id: string; key: string };
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("basic", { sso: true })]);
  for (const key of ["acme", "other"]) await api.tenant(key, { name: key, plan: "basic" });
  pub = (await make({ kind: "pub", tenant: "acme", origins: [here] })).key;
  backend = await make({ origins: [there] });
});
afterAll(() => api.stop());

const make = (form: Partial<Parameters<typeof createKey>[2]>) =>
  createKey(api.services, ada, { name: "Web", scopes: ["check"], expiresAt: null, ...form });
const question = "/api/entitlements?tenant=acme&feature=sso";
const mint = (tenant: string, body: unknown = {}, key = backend.key) => api.send("POST", `/api/tenants/${tenant}/token`, body, key);
const token = async (...args: Parameters<typeof mint>) => ((await (await mint(...args)).json()) as { token: string }).token;
const code = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];

test("X-API-Key counts where Authorization is taken by a proxy, on every route that pages of other origins ask", async () => {
  const headers = { authorization: "Basic YTpi", "x-api-key": pub, origin: here };
  const ask = (path: string, body?: unknown) =>
    body === undefined ? api.get(path, null, headers) : api.send("POST", path, body, null, headers);
  for (const [path, body] of [
    [question],
    ["/api/entitlements", { checks: [{ tenant: "acme", feature: "sso" }] }],
    ["/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }],
    ["/ofrep/v1/evaluate/flags/sso", { context: { targetingKey: "acme" } }],
    ["/api/stream?tenant=acme"],
  ] as [string, unknown?][]) {
    const answer = await ask(path, body);
    expect([path, answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([path, 200, here]);
    await answer.body?.cancel();
  }
  const foreign = await api.get(question, null, { ...headers, origin: nowhere });
  expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([200, null]);
  const stranger = await api.get(question, null, { authorization: "Basic YTpi", origin: here });
  expect(await code(stranger)).toEqual([401, "key_missing"]);
});

describe("a token", () => {
  test("checks its tenant and no other, until the millisecond in which it ends", async () => {
    const start = api.clock.now;
    const answer = await mint("acme");
    expect([answer.status, await answer.clone().json()]).toEqual([
      201,
      { token: expect.stringMatching(/^lk_tok_/), tenant: "acme", expiresAt: new Date(start + 15 * minute).toISOString() },
    ]);
    const made = ((await answer.json()) as { token: string }).token;
    expect((await api.get(question, made)).status).toBe(200);
    expect(await code(await api.get("/api/entitlements?tenant=other", made))).toEqual([403, "tenant_forbidden"]);
    expect(await code(await mint("acme", {}, made))).toEqual([403, "secret_key_required"]);
    expect(await code(await api.send("POST", "/api/usage", { events: [] }, made))).toEqual([403, "scope_missing"]);
    api.clock.now = start + 15 * minute - 1;
    expect((await api.get(question, made)).status).toBe(200);
    api.clock.now = start + 15 * minute;
    expect(await code(await api.get(question, made))).toEqual([401, "key_expired"]);
    api.clock.now = start;
  });

  test("ends with the key that minted it", async () => {
    const minter = await make({ scopes: ["manage"] });
    const made = await token("acme", { ttl: 60 }, minter.key);
    expect((await api.get(question, made)).status).toBe(200);
    await revokeKey(api.services, ada, minter.id);
    expect(await code(await api.get(question, made))).toEqual([401, "key_revoked"]);
  });

  test("that somebody changed or made up is unknown", async () => {
    const made = await token("acme");
    const [body = "", signature = ""] = made.split(".");
    const forged = `lk_tok_${Buffer.from(JSON.stringify([backend.id, "other", api.clock.now + minute])).toString("base64url")}`;
    for (const bad of [body, `${body}.`, `${forged}.${signature}`, `${made}A`, "lk_tok_", "lk_tok_.", `lk_tok_${"x".repeat(3_000)}.x`])
      expect(await code(await api.get("/api/entitlements?tenant=other", bad))).toEqual([401, "key_unknown"]);
    expect(await code(await api.get(question, made.replace("lk_tok_", "lk_sse_")))).toEqual([401, "key_malformed"]);
  });

  test("is minted for a known tenant, for an hour at most, by a secret key that may ask about it", async () => {
    expect(await code(await mint("nobody"))).toEqual([404, "tenant_not_found"]);
    expect(await code(await mint("acme", { ttl: 3_601 }))).toEqual([400, "invalid_request"]);
    expect(await code(await mint("acme", { user: "x" }))).toEqual([400, "invalid_request"]);
    expect(await code(await mint("acme", {}, pub))).toEqual([403, "secret_key_required"]);
    const bound = await make({ tenant: "acme" });
    expect((await mint("acme", {}, bound.key)).status).toBe(201);
    expect(await code(await mint("other", {}, bound.key))).toEqual([403, "tenant_forbidden"]);
    expect(await code(await mint("acme", {}, await api.keyFor("usage")))).toEqual([403, "scope_missing"]);
  });
});

describe("a page of another origin", () => {
  const preflight = (origin: string, path = question) =>
    fetch(api.origin + path, { method: "OPTIONS", headers: { origin, "access-control-request-method": "GET" } });
  const allowed = async (key: string | null, origin: string, path = question) =>
    (await api.get(path, key, { origin })).headers.get("access-control-allow-origin");

  test("is let through a preflight without a key when any key lists it", async () => {
    for (const origin of [here, there]) {
      const { status, headers } = await preflight(origin);
      expect([status, headers.get("access-control-allow-origin")]).toEqual([204, origin]);
      expect(headers.get("access-control-allow-headers")).toBe("content-type, authorization, x-api-key, if-none-match, last-event-id");
      expect(headers.get("access-control-max-age")).toBe("600");
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
    expect((await preflight(nowhere)).headers.get("access-control-allow-origin")).toBeNull();
    expect((await preflight(here, "/api/entitlements")).headers.get("access-control-allow-methods")).toBe("GET, POST");
    expect((await preflight(here, "/ofrep/v1/evaluate/flags")).headers.get("access-control-allow-methods")).toBe("POST");
  });

  test("may read the answer only when exactly this key, or the token's, lists it; answers vary by origin", async () => {
    const made = await token("acme");
    expect(await allowed(pub, here)).toBe(here);
    expect(await allowed(pub, there)).toBeNull();
    expect(await allowed(made, there)).toBe(there);
    expect(await allowed(made, here)).toBeNull();
    expect(await allowed(backend.key, there)).toBeNull();
    const { headers } = await api.get(question, pub, { origin: here });
    expect(headers.get("access-control-expose-headers")).toContain("ETag, Retry-After, RateLimit");
    expect(headers.get("vary")).toContain("Origin");
  });

  test("may read why it was refused", async () => {
    expect(await allowed(null, here)).toBe(here);
    expect(await allowed(`${pub}x`, here)).toBe(here);
    expect(await allowed(pub, here, "/api/entitlements?tenant=other")).toBe(here);
    expect(await allowed(null, nowhere)).toBeNull();
  });

  test("reads nothing else of the API", async () => {
    expect((await api.send("POST", "/api/usage", {}, pub, { origin: here })).headers.get("access-control-allow-origin")).toBeNull();
  });
});
