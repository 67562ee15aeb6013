import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, plan } from "../support/facts";

const [listed, unlisted] = ["https://app.example.com", "https://evil.example"];

let api: Api;
let key: string;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("basic", { sso: true })]);
  await api.tenant("acme", { name: "acme", plan: "basic" });
  const form = { name: "Web", scopes: ["check" as const], expiresAt: null, kind: "pub" as const, tenant: "acme", origins: [listed] };
  key = (await createKey(api.services, ada, form)).key;
});
afterAll(() => api.stop());

const context = { context: { targetingKey: "acme" } };
const cached = "Authorization, X-API-Key, Origin";

/** Routes that pages of other origins may use. `vary` is that of answers with and without an Origin. */
const open: { method: string; path: string; body?: unknown; preflight: string; vary: [string, string | null] }[] = [
  { method: "GET", path: "/api/entitlements?tenant=acme&feature=sso", preflight: "GET, POST", vary: [cached, cached] },
  {
    method: "POST",
    path: "/api/entitlements",
    body: { checks: [{ tenant: "acme", feature: "sso" }] },
    preflight: "GET, POST",
    vary: ["Origin", null],
  },
  { method: "GET", path: "/api/stream?tenant=acme", preflight: "GET", vary: ["Origin", null] },
  { method: "POST", path: "/ofrep/v1/evaluate/flags", body: context, preflight: "POST", vary: ["Origin", null] },
  { method: "POST", path: "/ofrep/v1/evaluate/flags/sso", body: context, preflight: "POST", vary: ["Origin", null] },
];

type Answer = { status: number; vary: string | null; [header: string]: string | number | null };

/** The status, Vary and all CORS headers. */
async function ask(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const response = await api.send(method, path, body, method === "OPTIONS" ? null : key, headers);
  await response.body?.cancel();
  const cors = [...response.headers].filter(([name]) => name.startsWith("access-control-"));
  return { status: response.status, vary: response.headers.get("vary"), ...Object.fromEntries(cors) };
}

describe.each(open)("$method $path", ({ method, path, body, preflight, vary }) => {
  const preflightOf = (headers: Record<string, string>) => ask("OPTIONS", path, undefined, headers);

  test("lets a page of a listed origin read the answer", async () => {
    expect(await ask(method, path, body, { origin: listed })).toEqual({
      status: 200,
      vary: vary[0],
      "access-control-allow-origin": listed,
      "access-control-expose-headers": "ETag, Retry-After, RateLimit, RateLimit-Policy",
    });
  });

  test("adds only Vary for an origin that the key does not list, and nothing without an origin", async () => {
    expect(await ask(method, path, body, { origin: unlisted })).toEqual({ status: 200, vary: vary[0] });
    expect(await ask(method, path, body, {})).toEqual({ status: 200, vary: vary[1] });
  });

  test("answers a preflight of a listed origin with what its page may send", async () => {
    const allowed = {
      status: 204,
      vary: "Origin",
      "access-control-allow-origin": listed,
      "access-control-allow-methods": preflight,
      "access-control-allow-headers": "content-type, authorization, x-api-key, if-none-match, last-event-id",
      "access-control-max-age": "600",
    };
    const requested = { "access-control-request-method": method, "access-control-request-headers": "x-other" };
    expect(await preflightOf({ origin: listed, ...requested })).toEqual(allowed);
    expect(await preflightOf({ origin: listed })).toEqual(allowed);
  });

  test("answers any other preflight with 204 and Vary alone", async () => {
    const refused = { status: 204, vary: "Origin" };
    expect(await preflightOf({ origin: unlisted, "access-control-request-method": method })).toEqual(refused);
    expect(await preflightOf({ origin: "null", "access-control-request-method": method })).toEqual(refused);
    expect(await preflightOf({})).toEqual(refused);
  });
});

test("routes that pages of other origins may not use answer neither preflights nor origins", async () => {
  const origin = { origin: listed, "access-control-request-method": "POST" };
  for (const path of ["/api/usage", "/api/tenants/acme", "/api/openapi.json"])
    expect([path, await ask("OPTIONS", path, undefined, origin)]).toEqual([path, { status: 405, vary: null }]);
  for (const path of ["/api/nothing", "/api/entitlements/more", "/ofrep/v1/nothing"])
    expect([path, await ask("OPTIONS", path, undefined, origin)]).toEqual([path, { status: 404, vary: null }]);
  expect(await ask("POST", "/api/usage", { events: [] }, origin)).toEqual({ status: 403, vary: null });
});
