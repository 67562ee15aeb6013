import { OFREPProvider } from "@openfeature/ofrep-provider";
import { ErrorCode, OpenFeature } from "@openfeature/server-sdk";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Api } from "../support/api";
import { startOfrepWorld } from "../support/ofrep-world";

let api: Api;
beforeAll(async () => {
  api = await startOfrepWorld();
});
afterAll(() => api.stop());
afterEach(() => OpenFeature.clearProviders());

async function connect(to: Api, headers: [string, string][] = [["Authorization", `Bearer ${to.keys.check}`]]) {
  const asked: string[] = [];
  const fetchImplementation: typeof fetch = (...args) => {
    asked.push(String(args[0] instanceof Request ? args[0].url : args[0]));
    return fetch(...args);
  };
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: to.origin, headers, fetchImplementation }));
  return { client: OpenFeature.getClient(), asked };
}
const acme = { targetingKey: "acme" };

describe("OpenFeature's server SDK, unchanged,", () => {
  test("reads boolean, number, text and object features, with reason, variant and metadata", async () => {
    const { client } = await connect(api);
    expect(await client.getBooleanDetails("sso", false, acme)).toMatchObject({
      value: true,
      reason: "TARGETING_MATCH",
      variant: "on",
      flagMetadata: { tenant: "acme", plan: "basic", source: "plan", code: "plan", revision: expect.any(Number) },
    });
    expect(await client.getBooleanDetails("no.sso", true, acme)).toMatchObject({ value: false, reason: "STATIC", variant: "off" });
    expect(await client.getNumberDetails("calls", -1, acme)).toMatchObject({
      value: 100,
      flagMetadata: { limit: 100, used: 0, remaining: 100 },
    });
    expect(await client.getNumberDetails("seats", -1, acme)).toMatchObject({
      value: Number.MAX_SAFE_INTEGER,
      flagMetadata: { unlimited: true },
    });
    expect(await client.getNumberValue("size", -1, acme)).toBe(2.5);
    expect(await client.getStringValue("tone", "?", acme)).toBe("warm");
    expect(await client.getObjectValue("theme", {}, acme)).toEqual({ dark: true, steps: [1, 2] });
    const bare = { targetingKey: "bare" };
    const none = [
      client.getNumberValue("calls", -1, bare),
      client.getNumberValue("size", 7, bare),
      client.getStringValue("tone", "?", bare),
      client.getObjectValue("theme", { a: 1 }, bare),
    ];
    // A config feature has no value that means no: the code's default counts.
    expect(await Promise.all(none)).toEqual([0, 7, "?", { a: 1 }]);
    expect(await client.getBooleanValue("sso", false, { targetingKey: "user-1", tenant: "acme" })).toBe(true);
  });

  test("hears what went wrong by its code, and gives the program's own default", async () => {
    const { client } = await connect(api);
    const wrong = async (details: Promise<{ value: unknown; errorCode?: string; reason?: string }>) => {
      const { value, errorCode, reason } = await details;
      return [value, errorCode, reason];
    };
    expect(await wrong(client.getBooleanDetails("none", true, acme))).toEqual([true, ErrorCode.FLAG_NOT_FOUND, "ERROR"]);
    expect(await wrong(client.getBooleanDetails("sso", true, { targetingKey: "nobody" }))).toEqual([
      true,
      ErrorCode.INVALID_CONTEXT,
      "ERROR",
    ]);
    expect(await wrong(client.getBooleanDetails("sso", true))).toEqual([true, ErrorCode.TARGETING_KEY_MISSING, "ERROR"]);
    expect(await wrong(client.getBooleanDetails("tone", true, acme))).toEqual([true, ErrorCode.TYPE_MISMATCH, "ERROR"]);
    expect(await wrong(client.getNumberDetails("sso", 7, acme))).toEqual([7, ErrorCode.TYPE_MISMATCH, "ERROR"]);
  });

  test.each([
    ["an unknown key", () => "lk_live_000000000000000000000000000000000000"],
    ["a key without the scope", () => api.keys.manage],
  ])("gives the default with %s", async (_what, key) => {
    const { client } = await connect(api, [["X-API-Key", key()]]);
    expect(await client.getBooleanDetails("sso", true, acme)).toMatchObject({ value: true, errorCode: ErrorCode.GENERAL });
  });
});

test("when it is told 429 it pauses for exactly the seconds that it is told, and then goes on", async () => {
  const limited = await startOfrepWorld({ variables: { LATCHKEY_CHECK_RATE_LIMIT: "2" } });
  vi.useFakeTimers({ toFake: ["Date"] });
  const { client, asked } = await connect(limited);
  const ask = () => client.getBooleanDetails("sso", false, acme);
  expect([(await ask()).value, (await ask()).value]).toEqual([true, true]);
  const start = Date.now();
  expect(await ask()).toMatchObject({ value: false, errorCode: ErrorCode.GENERAL });
  expect(asked).toHaveLength(3);
  const refused = await limited.send("POST", "/ofrep/v1/evaluate/flags/sso", { context: acme }, limited.keys.check);
  const seconds = Number(refused.headers.get("retry-after"));
  expect([refused.status, seconds]).toEqual([429, 30]);
  limited.clock.now += 30_000;
  vi.setSystemTime(start + seconds * 1000 - 1);
  expect((await ask()).errorCode).toBe(ErrorCode.GENERAL);
  expect(asked).toHaveLength(3);
  vi.setSystemTime(start + seconds * 1000 + 1_000);
  expect((await ask()).value).toBe(true);
  expect(asked).toHaveLength(4);
  vi.useRealTimers();
  await limited.stop();
});
