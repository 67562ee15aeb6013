import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { day, hour } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { configFeature, feature, meteredFeature, now, plan } from "../support/facts";

let api: Api;
const features = [feature("sso"), feature("audit"), meteredFeature("api_calls"), configFeature("theme", { kind: "text", options: [] })];
const plans = [plan("starter", { api_calls: 10 }), plan("premium", { sso: true, theme: "dark", api_calls: 100 }, { rank: 20 })];
beforeEach(async () => {
  api = await startApi();
  await api.catalogue(features, plans);
  await api.tenant("acme", { plan: "starter" });
});
afterEach(() => api.stop());

const get = async (query: string) => (await api.get(`/api/entitlements?${query}`)).json();
const post = (body: unknown, query = "") => api.send("POST", `/api/entitlements${query}`, body, api.keys.check);

describe("POST /api/entitlements", () => {
  test("answers each question as GET does, in the order asked, over any tenants", async () => {
    await api.tenant("big", { plan: "premium" });
    const answer = await post({
      checks: [
        { tenant: "big", feature: "sso" },
        { tenant: "acme", features: ["theme", "sso"] },
        { tenant: "nobody", feature: "sso" },
      ],
    });
    const { results } = await answer.json();
    expect(results.map((r: { tenant: string; feature: string; entitled: boolean }) => [r.tenant, r.feature, r.entitled])).toEqual([
      ["big", "sso", true],
      ["acme", "theme", false],
      ["acme", "sso", false],
      ["nobody", "sso", false],
    ]);
    expect(results[0]).toEqual({ tenant: "big", feature: "sso", ...(await get("tenant=big&feature=sso")).entitlements.sso });
  });

  test("is marked stale if memory was behind for any of its results", async () => {
    let isBehind = true;
    vi.spyOn(api.services.facts, "isStale").mockImplementation(() => {
      setImmediate(() => {
        isBehind = false;
      });
      return isBehind;
    });
    const checks = Array.from({ length: 600 }, () => ({ tenant: "acme", features: ["sso", "theme"] }));
    const answer = await (await post({ checks })).json();
    expect(answer.results).toHaveLength(1_200);
    expect(isBehind).toBe(false);
    expect(answer.isStale).toBe(true);
  });

  test("refuses a bad question by itself and answers the others", async () => {
    const { results } = await (
      await post({
        checks: [
          { tenant: "acme" },
          5,
          { tenant: "acme", feature: "a b" },
          { tenant: "acme", feature: "sso", requested: -1 },
          { tenant: "acme", feature: "sso" },
        ],
      })
    ).json();
    expect(results.map((r: { error?: { code: string } }) => r.error?.code)).toEqual([
      "invalid_request",
      "invalid_request",
      "invalid_request",
      "invalid_request",
      undefined,
    ]);
  });

  test("a character that nobody can store and nesting beyond the limit cost no other question its answer", async () => {
    const deep = `${"[".repeat(90)}${"]".repeat(90)}`;
    const sent = `{"checks":[{"tenant":"a\\u0000","feature":"sso"},{"tenant":"acme","feature":"\\ud800"},{"tenant":${deep}},{"tenant":"acme","feature":"sso"}]}`;
    const { results } = await (await api.send("POST", "/api/entitlements", sent, api.keys.check)).json();
    expect(results.map((r: { error?: { code: string; field: string } }) => r.error && [r.error.code, r.error.field])).toEqual([
      ["invalid_request", "tenant"],
      ["invalid_request", "feature"],
      ["invalid_request", "tenant.0.0"],
      undefined,
    ]);
    // What cannot be stored is not sent back either.
    for (const { tenant, feature } of results.slice(0, 3)) expect({ tenant, feature }).toEqual({});
  });

  test.each([
    [{}],
    [{ checks: [] }],
    [{ checks: "x" }],
    [{ checks: Array.from({ length: 1001 }, () => ({ tenant: "acme", feature: "sso" })) }],
  ])("refuses a body that is no list of questions", async (body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ field: "checks" });
  });

  test("refuses more decisions than one request may have", async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `f${i}`);
    expect((await post({ checks: Array.from({ length: 26 }, () => ({ tenant: "acme", features: many })) })).status).toBe(400);
  });
});

describe("requested", () => {
  test("asks for more than one: yes up to what remains, no past it", async () => {
    expect((await get("tenant=acme&feature=api_calls&requested=10")).entitlements.api_calls.entitled).toBe(true);
    expect((await get("tenant=acme&feature=api_calls&requested=11")).entitlements.api_calls).toMatchObject({
      entitled: false,
      reason: { code: "limit_reached" },
      availableIn: ["premium"],
    });
    for (const bad of ["-1", "1.5", "x", "99999999999999999"])
      expect((await api.get(`/api/entitlements?tenant=acme&feature=api_calls&requested=${bad}`)).status).toBe(400);
  });
});

describe("explain", () => {
  test("shows every rule in order and which one decided", async () => {
    await api.trial("acme", "sso");
    const { considered } = await get("tenant=acme&feature=sso&explain=1");
    expect(considered.sso.map((c: { answer: string }) => c.answer)).toEqual([
      "no",
      "no",
      "no",
      "no",
      "no",
      "no",
      "no",
      "decides",
      "not_reached",
      "not_reached",
      "not_reached",
    ]);
    const { results } = await (await post({ checks: [{ tenant: "acme", feature: "audit" }] }, "?explain=1")).json();
    expect(results[0].considered.at(9)).toEqual({ rule: 9, asks: "Is there nothing that gives it?", answer: "decides" });
  });

  test("is 1 or 0, by GET and by POST", async () => {
    const byPost = await post({ checks: [{ tenant: "acme", feature: "sso" }] }, "?explain=yes");
    for (const answer of [byPost, await api.get("/api/entitlements?tenant=acme&explain=yes")])
      expect([answer.status, (await answer.json()).field]).toEqual([400, "explain"]);
  });

  test("is not counted as a check, by GET and by POST", async () => {
    const checks = [{ tenant: "acme", feature: "sso" }];
    const { counts, db } = api.services;
    const counted = async () => {
      await counts.flush();
      return db.read.$count(db.tables.checkCounts);
    };
    await get("tenant=acme&feature=sso&explain=1");
    await post({ checks }, "?explain=1");
    expect(await counted()).toBe(0);
    await post({ checks }, "?explain=0");
    expect(await counted()).toBe(1);
  });

  test("has a tag, as every answer has, and so does an answer about another time", async () => {
    for (const query of ["explain=1", "at=2026-12-01T00:00:00Z", "at=2026-11-01T00:00:00Z"]) {
      const ask = (headers = {}) => api.get(`/api/entitlements?tenant=acme&${query}`, undefined, headers);
      const first = await ask();
      const etag = first.headers.get("etag") as string;
      expect([first.status, etag]).toEqual([200, expect.stringMatching(/^"[\w-]{22}"$/)]);
      const again = await ask({ "if-none-match": etag });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    }
  });
});

describe("at", () => {
  test("in the future: what today's facts will say then", async () => {
    await api.trial("acme", "sso", now + day);
    const at = (t: number) => get(`tenant=acme&feature=sso&at=${new Date(t).toISOString()}`);
    expect((await at(now + day - 1)).entitlements.sso).toMatchObject({ entitled: true, source: "trial" });
    expect((await at(now + day)).entitlements.sso).toMatchObject({ entitled: false });
  });

  test("in the past: what was told then, from the facts that were recorded by then", async () => {
    api.clock.now += hour;
    await api.tenant("acme", { plan: "premium" });
    api.clock.now += hour;
    const at = (t: number) => get(`tenant=acme&feature=sso&at=${new Date(t).toISOString()}`);
    expect((await at(now - 1)).entitlements.sso.reason.code).toBe("tenant_not_found");
    expect((await at(now + hour - 1)).entitlements.sso.entitled).toBe(false);
    expect((await at(now + hour)).entitlements.sso.entitled).toBe(true);
  });

  test("refuses what is no instant", async () => {
    for (const bad of ["yesterday", "2026-11-20", "2026-11-20T10:00:00"])
      expect((await api.get(`/api/entitlements?tenant=acme&feature=sso&at=${bad}`)).status).toBe(400);
  });
});
