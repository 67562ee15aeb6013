import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { day } from "~/core/time";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { createKey } from "~/server/keys/api-keys.server";
import { type Api, ada } from "../support/api";
import { bulk, ofrepSchemas, single, startOfrepWorld } from "../support/ofrep-world";

let api: Api;
const problemsOf = ofrepSchemas();
beforeAll(async () => {
  api = await startOfrepWorld();
});
afterAll(() => api.stop());

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
type Flags = { flags: { key: string; value: unknown; metadata: Record<string, unknown> }[] };
const read = async (response: Response) =>
  (await response.json()) as Flags & { metadata: Record<string, unknown>; eventStreams: unknown[] };
const bulkPath = "/ofrep/v1/evaluate/flags";

describe("one evaluation", () => {
  test.each([
    ["sso", "acme", true, "TARGETING_MATCH", "on"],
    ["sso", "bare", false, "STATIC", "off"],
    ["no.sso", "acme", false, "STATIC", "off"],
    ["calls", "acme", 100, "TARGETING_MATCH", "basic"],
    ["calls", "bare", 0, "STATIC", "off"],
    ["seats", "acme", 9007199254740991, "TARGETING_MATCH", "basic"],
    ["size", "acme", 2.5, "TARGETING_MATCH", "basic"],
    ["size", "bare", undefined, "STATIC", "off"],
    ["tone", "acme", "warm", "TARGETING_MATCH", "basic"],
    ["tone", "bare", undefined, "STATIC", "off"],
    ["theme", "acme", { dark: true, steps: [1, 2] }, "TARGETING_MATCH", "basic"],
    ["theme", "bare", undefined, "STATIC", "off"],
  ])("%s of %s is %j", async (key, tenant, value, reason, variant) => {
    const response = await single(api, key, { targetingKey: tenant });
    const body = await json(response);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect([body.value, Object.hasOwn(body, "value")]).toEqual([value, value !== undefined]);
    expect(body).toMatchObject({ key, reason, variant, metadata: { tenant, revision: expect.any(Number) } });
    expect(problemsOf("serverEvaluationSuccess", body)).toBe("");
    expect((body.metadata as object & { unlimited?: true }).unlimited).toBe(key === "seats" ? true : undefined);
  });

  test("a name that cannot be read as one is a feature that is not there, with the name as it was sent", async () => {
    const response = await api.send("POST", `${bulkPath}/100%`, { context: { targetingKey: "acme" } }, api.keys.check);
    const body = await json(response);
    expect([response.status, body]).toMatchObject([404, { key: "100%", errorCode: "FLAG_NOT_FOUND" }]);
    expect(problemsOf("flagNotFound", body)).toBe("");
  });

  test.each([
    ["a feature that is not there", "none", { context: { targetingKey: "acme" } }, 404, "FLAG_NOT_FOUND"],
    ["a key with a slash", "a/b", { context: { targetingKey: "acme" } }, 404, "FLAG_NOT_FOUND"],
    ["a tenant that is not there", "sso", { context: { targetingKey: "nobody" } }, 400, "INVALID_CONTEXT"],
    ["no targeting key", "sso", { context: {} }, 400, "TARGETING_KEY_MISSING"],
    ["a targeting key that is null", "sso", { context: { targetingKey: null } }, 400, "TARGETING_KEY_MISSING"],
    ["a targeting key that is a number", "sso", { context: { targetingKey: 5 } }, 400, "INVALID_CONTEXT"],
    ["an empty targeting key", "sso", { context: { targetingKey: "" } }, 400, "INVALID_CONTEXT"],
    ["a tenant that is too long", "sso", { context: { tenant: "x".repeat(201) } }, 400, "INVALID_CONTEXT"],
    ["a context that is a list", "sso", { context: [] }, 400, "INVALID_CONTEXT"],
    ["no context", "sso", {}, 400, "INVALID_CONTEXT"],
    ["a body that is a list", "sso", [], 400, "PARSE_ERROR"],
    ["no body", "sso", undefined, 400, "PARSE_ERROR"],
    ["broken JSON", "sso", '{"context":', 400, "PARSE_ERROR"],
  ])("%s is refused with its key and code, in bulk without a key", async (_what, key, sent, status, errorCode) => {
    const response = await api.send("POST", `${bulkPath}/${key}`, sent, api.keys.check);
    const body = await json(response);
    expect([response.status, body]).toMatchObject([status, { key, errorCode, errorDetails: expect.any(String) }]);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(problemsOf(status === 404 ? "flagNotFound" : "evaluationFailure", body)).toBe("");
    if (status === 404) return;
    // In bulk every flag of such a tenant is off: see below.
    if (JSON.stringify(sent)?.includes("nobody")) return;
    const all = await api.send("POST", bulkPath, sent, api.keys.check);
    const whole = await json(all);
    expect([all.status, whole]).toMatchObject([status, { errorCode }]);
    expect(whole).not.toHaveProperty("key");
    expect(problemsOf("bulkEvaluationFailure", whole)).toBe("");
  });

  test("that fails inside answers 500 with its key and nothing of the inside", async () => {
    const broken = vi.spyOn(api.services.checks, "context").mockImplementation(() => {
      throw new Error("secret inside");
    });
    const response = await single(api, "sso");
    broken.mockRestore();
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([500, { key: "sso", errorCode: "GENERAL" }]);
    expect(text).not.toContain("inside");
    expect(problemsOf("generalErrorResponse", JSON.parse(text))).toBe("");
  });

  test("while nothing can be known answers 429 with whole seconds, which clients heed, and not 503, which they do not", async () => {
    const broken = vi.spyOn(api.services.checks, "context").mockImplementation(() => Promise.reject(new FactsUnavailable("away")));
    for (const response of [await single(api, "sso"), await bulk(api)]) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([429, "2"]);
    }
    broken.mockRestore();
  });

  test("reads a feature's key encoded or as it is alike", async () => {
    const plain = await (await single(api, "no.sso")).text();
    expect(await (await single(api, "no%2Esso")).text()).toBe(plain);
    expect(await (await single(api, "no%2esso?unknown=1")).text()).toBe(plain);
  });
});

describe("who asks", () => {
  const status = async (response: Response) => [response.status, (await json(response)).code];

  test("comes with Bearer or X-API-Key alike; without, or without the scope, is 401 and 403", async () => {
    const byHeader = await single(api, "sso", undefined, null, { "x-api-key": api.keys.check });
    expect(await byHeader.text()).toBe(await (await single(api, "sso")).text());
    for (const ask of [(key: string | null) => single(api, "sso", undefined, key), (key: string | null) => bulk(api, undefined, key)]) {
      expect(await status(await ask(null))).toEqual([401, "key_missing"]);
      expect(await status(await ask(`${api.keys.check}x`))).toEqual([401, "key_malformed"]);
      expect(await status(await ask(api.keys.manage))).toEqual([403, "scope_missing"]);
    }
  });

  test("with a key of a tenant asks about that tenant, whoever the user is; naming another tenant is 403", async () => {
    const form = {
      name: "web",
      scopes: ["check" as const],
      expiresAt: null,
      tenant: "acme",
      kind: "pub" as const,
      origins: ["https://a.b"],
    };
    const { key } = await createKey(api.services, ada, form);
    for (const context of [{}, { targetingKey: "acme" }, { targetingKey: "user-1" }, { tenant: "acme", targetingKey: "user-1" }]) {
      expect(await json(await single(api, "sso", context, key))).toMatchObject({ value: true, metadata: { tenant: "acme" } });
    }
    for (const context of [{ tenant: "bare" }, { targetingKey: "acme", tenant: "bare" }, { groups: { organization: "bare" } }]) {
      expect(await status(await single(api, "sso", context, key))).toEqual([403, "tenant_forbidden"]);
      expect(await status(await bulk(api, context, key))).toEqual([403, "tenant_forbidden"]);
    }
  });

  test("names the tenant in the context, and then the targeting key is the user", async () => {
    const asked = vi.spyOn(api.services.checks, "context");
    for (const more of [
      { tenant: "acme" },
      { tenantKey: "acme" },
      { organization: "acme" },
      { groups: { organization: "acme" } },
      { $groups: { organization: "acme" } },
    ]) {
      expect(await json(await single(api, "sso", { targetingKey: "user-1", ...more }))).toMatchObject({ value: true });
      expect(asked.mock.lastCall).toEqual(["acme", "user-1", ["sso"], "server"]);
    }
    await single(api, "sso", { targetingKey: "acme" });
    expect(asked.mock.lastCall).toEqual(["acme", undefined, ["sso"], "server"]);
    asked.mockRestore();
  });
});

describe("all evaluations", () => {
  test.each(["nobody", "paused", "gone"])(
    "of a tenant that does not exist, is suspended or is archived are all off: %s",
    async (tenant) => {
      await api.tenant("paused", { plan: "top", status: "suspended" });
      await api.tenant("gone", { plan: "top", status: "archived" });
      const response = await bulk(api, { targetingKey: tenant });
      const body = await read(response);
      expect(response.status).toBe(200);
      expect(problemsOf("bulkEvaluationSuccess", body)).toBe("");
      expect(body.flags.map(({ key, value }) => [key, value])).toEqual([
        ["calls", 0],
        ["no.sso", false],
        ["seats", 0],
        ["size", undefined],
        ["sso", false],
        ["theme", undefined],
        ["tone", undefined],
      ]);
      const code = { nobody: "tenant_not_found", paused: "tenant_suspended", gone: "tenant_archived" }[tenant];
      for (const flag of body.flags)
        expect(flag).toMatchObject({ reason: "DISABLED", variant: "off", metadata: { tenant, code, entitled: false } });
      expect(body.eventStreams === undefined).toBe(tenant === "nobody");
    },
  );

  test("are every listed feature, in order, with what /api/entitlements gives, as the schema says", async () => {
    const response = await bulk(api);
    const body = await read(response);
    expect(problemsOf("bulkEvaluationSuccess", body)).toBe("");
    expect(body.flags.map(({ key }) => key)).toEqual(["calls", "no.sso", "seats", "size", "sso", "theme", "tone"]);
    for (const flag of body.flags) {
      const alone = await json(await single(api, flag.key));
      expect({ ...flag, metadata: { ...flag.metadata, revision: body.metadata.revision } }).toEqual(alone);
    }
    expect(body.metadata).toMatchObject({ tenant: "acme", plan: "basic" });
    expect(body.eventStreams).toEqual([
      { type: "sse", endpoint: { requestUri: expect.stringMatching(/^\/ofrep\/v1\/stream\?ticket=lk_sse_/) }, inactivityDelaySec: 120 },
    ]);
  });

  test("are equal bytes with an equal, quoted tag for an equal state; a tag that is known gets 304 without a body", async () => {
    const [one, two] = [await bulk(api), await bulk(api)];
    const etag = one.headers.get("etag") as string;
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
    expect([await one.text(), etag]).toEqual([await two.text(), two.headers.get("etag")]);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const same = await bulk(api, undefined, undefined, { "if-none-match": known });
      expect([same.status, await same.text(), same.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const other = await bulk(api, undefined, undefined, { "if-none-match": '"x"' });
    expect(other.status).toBe(200);
    const after = await api.send(
      "POST",
      `${bulkPath}?flagConfigEtag=%22x%22&flagConfigLastModified=1&x=1`,
      { context: { targetingKey: "acme" } },
      api.keys.check,
      { "if-none-match": etag },
    );
    expect(after.status).toBe(304);
  });

  test("get another tag for another tenant in the same context, after a change, and when a trial ends by the clock alone", async () => {
    const tag = async (context: object) => (await bulk(api, context)).headers.get("etag");
    const start = api.clock.now;
    const tags = [await tag({ targetingKey: "u", tenant: "acme" }), await tag({ targetingKey: "u", tenant: "bare" })];
    await api.trial("bare", "sso", start + 1_000);
    tags.push(await tag({ targetingKey: "bare" }));
    api.clock.now = start + 999;
    expect(await tag({ targetingKey: "bare" })).toBe(tags[2]);
    api.clock.now = start + 1_000;
    tags.push(await tag({ targetingKey: "bare" }));
    // The same state at the time of another stream ticket.
    api.clock.now = start + 600_000;
    tags.push(await tag({ targetingKey: "bare" }));
    api.clock.now = start + day;
    tags.push(await tag({ targetingKey: "bare" }));
    api.clock.now = start;
    expect(new Set(tags).size).toBe(tags.length);
  });
});

test("what the protocol has dropped is not there, and other methods are not answered", async () => {
  expect((await api.get("/ofrep/v1/configuration")).status).toBe(404);
  expect((await api.get(bulkPath)).status).toBe(405);
});
