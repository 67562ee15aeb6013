import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, hour } from "~/core/time";
import { type Api, startApi } from "../tests/support/api";
import { configFeature, feature, meteredFeature, now, plan } from "../tests/support/facts";
import { createLatchkey, type LatchkeyError, type LatchkeyOptions } from "./index.js";

let api: Api;
let asked: { path: string; etag: string | null; status: number }[];
let errors: LatchkeyError[];

beforeEach(async () => {
  asked = [];
  errors = [];
  api = await startApi();
  await api.catalogue(
    [feature("sso"), feature("audit"), meteredFeature("api_calls"), configFeature("theme", { kind: "text", options: [] })],
    [plan("starter", { api_calls: 1000 }), plan("premium", { sso: true, theme: "dark" }, { includes: "starter", rank: 20 })],
  );
  await api.tenant("acme", { plan: "starter" });
  await api.tenant("globex", { plan: "premium" });
});
afterEach(() => api.stop());

/** Real HTTP, recorded. */
const watched: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const etag = new Headers(init?.headers).get("if-none-match");
  asked.push({ path: String(input).slice(api.origin.length), etag, status: response.status });
  return response;
};

const connect = (more: Partial<LatchkeyOptions> = {}) =>
  createLatchkey({
    url: api.origin,
    key: api.keys.check,
    fetch: watched,
    now: () => api.clock.now,
    onError: (error) => errors.push(error),
    ...more,
  });

describe("asked about a real Latchkey", () => {
  test("says yes and no, how much, why and until when", async () => {
    const latchkey = connect();
    expect(await latchkey.has("globex", "sso")).toBe(true);
    expect(await latchkey.has("acme", "sso")).toBe(false);
    expect(await latchkey.decide("acme", "sso")).toMatchObject({
      tenant: "acme",
      feature: "sso",
      from: "latchkey",
      reason: { code: "not_in_plan", message: "Not included in starter. Included in premium." },
      availableIn: ["premium"],
    });
    expect(await latchkey.decide("acme", "api_calls")).toMatchObject({ entitled: true, limit: 1000, used: 0, resetPeriod: "month" });
    expect(await latchkey.decide("globex", "theme")).toMatchObject({ entitled: true, value: "dark" });
    expect(errors).toEqual([]);
  });

  test("gives every feature at once, and single checks then need no request", async () => {
    const latchkey = connect();
    expect(await latchkey.all("acme")).toMatchObject({
      tenant: "acme",
      plan: "starter",
      from: "latchkey",
      entitlements: { sso: { entitled: false } },
    });
    expect(await latchkey.has("acme", "api_calls")).toBe(true);
    expect(asked.map(({ path }) => path)).toEqual(["/api/entitlements?tenant=acme"]);
  });

  test("takes tenants and features of every kind, the unknown ones as no", async () => {
    const latchkey = connect();
    for (const key of ["__proto__", "a/b", "a&feature=sso", "🦊"]) {
      await api.tenant(key, { plan: "premium" });
      expect(await latchkey.has(key, "sso"), key).toBe(true);
      expect((await latchkey.all(key)).tenant).toBe(key);
    }
    expect((await latchkey.decide("nobody", "sso")).reason.code).toBe("tenant_not_found");
    expect((await latchkey.decide("acme", "constructor")).reason.code).toBe("feature_not_found");
    expect(await latchkey.has("half a fox \ud83e", "sso")).toBe(false);
  });

  test("passes the person and the amount on, and keeps their answers apart", async () => {
    const latchkey = connect();
    await latchkey.all("acme");
    await latchkey.has("acme", "sso", { user: "u 1" });
    await latchkey.has("acme", "sso", { user: "u2" });
    await latchkey.decide("acme", "api_calls", { requested: 50 });
    await latchkey.all("acme", { user: "u2" });
    await latchkey.has("acme", "theme", { user: "u2" });
    expect(asked.slice(1).map(({ path }) => path)).toEqual([
      "/api/entitlements?tenant=acme&feature=sso&user=u%201",
      "/api/entitlements?tenant=acme&feature=sso&user=u2",
      "/api/entitlements?tenant=acme&feature=api_calls&requested=50",
      "/api/entitlements?tenant=acme&user=u2",
    ]);
  });

  test("gives answers that nobody can change for others", async () => {
    const latchkey = connect();
    const { entitlements } = await latchkey.all("acme");
    expect(() => Object.assign(entitlements.sso as object, { entitled: true })).toThrow(TypeError);
    const decision = await latchkey.decide("acme", "sso");
    Object.assign(decision, { entitled: true });
    expect(await latchkey.has("acme", "sso")).toBe(false);
  });
});

describe("memory", () => {
  test("answers without asking for as long as Latchkey said, to the millisecond, and then asks with the tag", async () => {
    const latchkey = connect();
    await latchkey.has("acme", "sso");
    api.clock.now = now + 29_999;
    await latchkey.has("acme", "sso");
    expect(asked).toHaveLength(1);
    api.clock.now = now + 30_000;
    await latchkey.has("acme", "sso");
    expect(asked.map(({ status }) => status)).toEqual([200, 304]);
    expect(asked[1]?.etag).toMatch(/^"/);
    api.clock.now = now + 59_999;
    await latchkey.has("acme", "sso");
    expect(asked).toHaveLength(2);
  });

  test("is yes 1 ms before a trial ends and no at its end", async () => {
    await api.trial("acme", "sso", now + 10_500);
    const latchkey = connect();
    expect(await latchkey.has("acme", "sso")).toBe(true);
    api.clock.now = now + 9_999;
    expect(await latchkey.has("acme", "sso")).toBe(true);
    expect(asked).toHaveLength(1);
    api.clock.now = now + 10_499;
    expect(await latchkey.has("acme", "sso")).toBe(true);
    api.clock.now = now + 10_500;
    expect(await latchkey.has("acme", "sso")).toBe(false);
  });

  test("learns of a change when the life of the answer is over, or at once when told to forget", async () => {
    const latchkey = connect();
    expect(await latchkey.has("acme", "sso")).toBe(false);
    expect(await latchkey.has("globex", "sso")).toBe(true);
    await api.trial("acme", "sso", now + 14 * day);
    expect(await latchkey.has("acme", "sso")).toBe(false);
    latchkey.forget("acme");
    expect(await latchkey.has("acme", "sso")).toBe(true);
    await latchkey.has("globex", "sso");
    expect(asked).toHaveLength(3);
    latchkey.forget();
    await latchkey.has("globex", "sso");
    expect(asked).toHaveLength(4);
  });

  test("does not remember what was asked before it was told to forget", async () => {
    const latchkey = connect();
    const early = latchkey.has("acme", "sso");
    latchkey.forget("acme");
    await api.trial("acme", "sso");
    await early;
    expect(await latchkey.has("acme", "sso")).toBe(true);
  });

  test("asks once for a hundred who ask together", async () => {
    const latchkey = connect();
    const answers = await Promise.all(Array.from({ length: 100 }, () => latchkey.has("globex", "sso")));
    expect(new Set(answers)).toEqual(new Set([true]));
    expect(asked).toHaveLength(1);
  });

  test("keeps the answers asked for last, and no more than told", async () => {
    const latchkey = connect({ maxAnswers: 2 });
    for (const name of ["sso", "audit", "sso", "theme"]) await latchkey.has("acme", name);
    expect(asked).toHaveLength(3);
    await latchkey.has("acme", "sso");
    expect(asked).toHaveLength(3);
    await latchkey.has("acme", "audit");
    expect(asked).toHaveLength(4);
  });

  test("trusts nothing that seems to come from the future when the clock is set back", async () => {
    const latchkey = connect();
    await latchkey.has("acme", "sso");
    api.clock.now = now - hour;
    await latchkey.has("acme", "sso");
    expect(asked).toHaveLength(2);
  });
});

describe("refused by Latchkey", () => {
  test("a wrong key answers the default and tells why, without the key in it", async () => {
    const wrong = `${api.keys.check.slice(0, -1)}${api.keys.check.endsWith("0") ? "1" : "0"}`;
    const latchkey = connect({ key: wrong, defaults: { audit: true } });
    expect(await latchkey.has("globex", "sso")).toBe(false);
    expect(await latchkey.decide("globex", "audit")).toMatchObject({ entitled: true, from: "default", reason: { code: "unavailable" } });
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ name: "LatchkeyError", code: "status", status: 401 });
    expect(JSON.stringify([errors[0]?.message, errors[0]])).not.toContain(wrong);
  });

  test("a key without the scope check and a malformed question are told apart by their status", async () => {
    await connect({ key: api.keys.manage }).has("acme", "sso");
    await connect().has("x".repeat(201), "sso");
    expect(errors.map(({ status }) => status)).toEqual([403, 400]);
    expect(errors[0]?.message).toContain('lacks the scope "check"');
  });
});

test("is refused at its making with a sentence when the address or the key can be none", () => {
  for (const url of ["", "latchkey.example.com", "ftp://latchkey"]) expect(() => connect({ url })).toThrow("url has to be an address");
  for (const key of ["", "lk_live_\n"]) expect(() => connect({ key })).toThrow("key has to be an API key");
});

test("works behind a path, and with the global fetch and clock", async () => {
  const behind: typeof fetch = (input, init) => fetch(String(input).replace("/behind/it", ""), init);
  expect(await connect({ url: `${api.origin}/behind/it/`, fetch: behind }).has("globex", "sso")).toBe(true);
  const spy = vi.spyOn(globalThis, "fetch");
  const plain = createLatchkey({ url: api.origin, key: api.keys.check });
  expect(await plain.has("globex", "sso")).toBe(true);
  expect(spy).toHaveBeenCalledOnce();
});
