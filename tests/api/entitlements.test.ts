import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, hour } from "~/core/time";
import { countsByFeature } from "~db/store/check-counts.server";
import { type Api, startApi } from "../support/api";
import { addOn, configFeature, feature, meteredFeature, now, plan } from "../support/facts";

let api: Api;
beforeEach(async () => {
  api = await startApi();
  await api.catalogue(
    [
      feature("sso"),
      feature("old", { archivedAt: now - day }),
      meteredFeature("api_calls"),
      configFeature("theme", { kind: "text", options: [] }),
    ],
    [
      plan("starter", { api_calls: 1000 }),
      plan("premium", { sso: true, theme: "dark" }, { includes: "starter", rank: 20 }),
      addOn("boost", { api_calls: 1 }),
    ],
  );
  await api.tenant("acme", { plan: "starter" });
});
afterEach(() => api.stop());

const ask = async (query: string) => (await api.get(`/api/entitlements?${query}`)).json();

describe("GET /api/entitlements", () => {
  test("answers one feature, several, or all that are not archived", async () => {
    expect(Object.keys((await ask("tenant=acme&feature=sso")).entitlements)).toEqual(["sso"]);
    expect(Object.keys((await ask("tenant=acme&feature=sso&feature=old&feature=sso")).entitlements)).toEqual(["sso", "old"]);
    expect(Object.keys((await ask("tenant=acme")).entitlements)).toEqual(["api_calls", "sso", "theme"]);
  });

  test("says why not, and where the feature is to be had", async () => {
    expect((await ask("tenant=acme&feature=sso")).entitlements.sso).toEqual({
      entitled: false,
      type: "boolean",
      source: null,
      reason: { code: "not_in_plan", message: "Not included in starter. Included in premium." },
      expiresAt: null,
      validUntil: null,
      availableIn: ["premium"],
      sources: [],
    });
  });

  test("answers an unknown tenant or feature with a reason, not with an error", async () => {
    const nobody = await api.get("/api/entitlements?tenant=nobody&feature=sso");
    expect(nobody.status).toBe(200);
    expect(await nobody.json()).toMatchObject({
      tenant: "nobody",
      plan: null,
      entitlements: { sso: { entitled: false, reason: { code: "tenant_not_found" } } },
    });
    expect((await ask("tenant=acme&feature=nothing")).entitlements.nothing).toMatchObject({
      entitled: false,
      type: null,
      reason: { code: "feature_not_found" },
    });
    expect((await ask("tenant=acme&feature=constructor")).entitlements.constructor).toMatchObject({
      reason: { code: "feature_not_found" },
    });
  });

  test("shows a grant, its end and a new plan to the very next check", async () => {
    expect((await ask("tenant=acme&feature=sso")).entitlements.sso.entitled).toBe(false);
    await api.trial("acme", "sso");
    expect((await ask("tenant=acme&feature=sso")).entitlements.sso).toMatchObject({
      entitled: true,
      source: "trial",
      expiresAt: new Date(now + 14 * day).toISOString(),
    });
    const [grant] = (await api.services.facts.tenant("acme")).facts?.grants ?? [];
    await api.send("POST", `/api/grants/${grant?.id}/end`);
    expect((await ask("tenant=acme&feature=sso")).entitlements.sso.entitled).toBe(false);
    await api.tenant("acme", { plan: "premium" });
    expect((await ask("tenant=acme&feature=sso")).entitlements.sso).toMatchObject({ entitled: true, source: "plan" });
  });

  test("is yes 1 ms before a trial ends and no at its end, with no job to do it", async () => {
    await api.trial("acme", "sso", now + hour);
    const entitled = async () => (await ask("tenant=acme&feature=sso")).entitlements.sso.entitled;
    api.clock.now = now + hour - 1;
    expect(await entitled()).toBe(true);
    api.clock.now = now + hour;
    expect(await entitled()).toBe(false);
  });

  test("gives equal state equal bytes and an equal tag, and another tag when a trial ends by the clock alone", async () => {
    await api.trial("acme", "sso", now + hour);
    const tag = async () => (await api.get("/api/entitlements?tenant=acme")).headers.get("etag");
    const first = await tag();
    expect(first).toMatch(/^"[\w-]{22}"$/);
    api.clock.now = now + hour - 1;
    await api.tenant("other", { plan: "premium" });
    expect(await tag()).toBe(first);
    api.clock.now = now + hour;
    expect(await tag()).not.toBe(first);
  });

  test("answers 304 without a body to the tag in every form that RFC 9110 allows", async () => {
    const etag = (await api.get("/api/entitlements?tenant=acme")).headers.get("etag") as string;
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const again = await api.get("/api/entitlements?tenant=acme", undefined, { "if-none-match": tag });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe("");
      expect(again.headers.get("etag")).toBe(etag);
    }
    expect((await api.get("/api/entitlements?tenant=acme", undefined, { "if-none-match": '"other"' })).status).toBe(200);
  });

  test("lets callers keep an answer for 30 seconds, or until the clock changes it", async () => {
    const life = async () => (await api.get("/api/entitlements?tenant=acme&feature=sso")).headers.get("cache-control");
    expect(await life()).toBe("private, max-age=30");
    await api.trial("acme", "sso", now + 10_500);
    expect(await life()).toBe("private, max-age=10");
    api.clock.now += 10_400;
    expect(await life()).toBe("private, max-age=0");
  });

  test.each([
    ["", "tenant"],
    ["tenant=", "tenant"],
    ["tenant=a&tenant=b", "tenant"],
    [`tenant=${"x".repeat(201)}`, "tenant"],
    ["tenant=a%0Ab", "tenant"],
    ["tenant=acme&feature=", "feature"],
    ["tenant=acme&feature=a%20b", "feature"],
    [`tenant=acme&feature=${"x".repeat(101)}`, "feature"],
    ["tenant=acme&feature=__proto__", "feature"],
  ])("refuses ?%s with a problem that names the field %s", async (query, field) => {
    const answer = await api.get(`/api/entitlements?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status: 400, code: "invalid_request", field });
  });

  test("takes tenant keys of every kind", async () => {
    for (const key of ["__proto__", "a/b", "a&b=c", "🦊", "x".repeat(200)]) {
      await api.tenant(key, { plan: "premium" });
      expect(await ask(`tenant=${encodeURIComponent(key)}&feature=sso`)).toMatchObject({
        tenant: key,
        entitlements: { sso: { entitled: true } },
      });
    }
  });

  test("wants a key with the scope check: 401 without one, 403 with another scope", async () => {
    expect((await api.get("/api/entitlements?tenant=acme", null)).status).toBe(401);
    expect((await api.get("/api/entitlements?tenant=acme", `${api.keys.check}x`)).status).toBe(401);
    const other = await api.get("/api/entitlements?tenant=acme", api.keys.manage);
    expect(other.status).toBe(403);
    expect(await other.json()).toMatchObject({ code: "scope_missing" });
  });

  test("counts a check of a feature under its name and one of all features once", async () => {
    for (let i = 0; i < 3; i++) await ask("tenant=acme&feature=sso");
    await ask("tenant=acme&feature=api_calls&feature=sso");
    await ask("tenant=acme");
    await api.services.counts.flush();
    await ask("tenant=acme&feature=sso");
    await api.services.counts.flush();
    const counts = await countsByFeature(api.services.db.read, api.services.db.tables, "acme", "2026-11-20");
    expect(counts).toEqual([
      { feature: "sso", allowed: 0, refused: 5, firstAt: now, lastAt: now },
      { feature: "*", allowed: 1, refused: 0, firstAt: now, lastAt: now },
      { feature: "api_calls", allowed: 1, refused: 0, firstAt: now, lastAt: now },
    ]);
  });

  test("counts nothing for a tenant or feature that does not exist: there would be no end to the names", async () => {
    for (const query of ["tenant=nobody", "tenant=nobody&feature=sso", "tenant=acme&feature=made-up&feature=old"]) await ask(query);
    await api.services.counts.flush();
    const counted = async (tenant: string) =>
      (await countsByFeature(api.services.db.read, api.services.db.tables, tenant, "2026-11-20")).map((c) => c.feature);
    expect([await counted("nobody"), await counted("acme")]).toEqual([[], ["old"]]);
  });
});
