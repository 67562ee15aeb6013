import { setTimeout as sleep } from "node:timers/promises";
import { OFREPWebProvider, type OFREPWebProviderOptions } from "@openfeature/ofrep-web-provider";
import { ErrorCode, OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/web-sdk";
import { EventSource } from "eventsource";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ticketBucket } from "~/api/ofrep.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type Api, ada } from "../support/api";
import { measured } from "../support/measured";
import { startOfrepWorld } from "../support/ofrep-world";
import { until } from "../support/poll";

let api: Api;
beforeAll(async () => {
  // The provider takes the browser's.
  vi.stubGlobal("EventSource", EventSource);
  api = await startOfrepWorld();
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await api.stop();
});
afterEach(() => OpenFeature.clearProviders());

const soon = <T>(ask: () => T | undefined, what: string) =>
  until(
    async () => ask() || undefined,
    5_000,
    () => `Not within 5 s: ${what}`,
  );

/** Statuses of bulk calls in order, and what changed according to the SDK. */
async function connect(to: Api, more: Partial<OFREPWebProviderOptions> = {}, targetingKey = "acme", key = to.keys.check) {
  const statuses: number[] = [];
  const changed: string[][] = [];
  const fetchImplementation: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    statuses.push(response.status);
    return response;
  };
  const provider = new OFREPWebProvider({
    baseUrl: to.origin,
    headers: [["X-API-Key", key]],
    cacheMode: "disabled",
    fetchImplementation,
    ...more,
  });
  await OpenFeature.setContext({ targetingKey });
  const client = OpenFeature.getClient();
  client.addHandler(ProviderEvents.ConfigurationChanged, (event) => void changed.push([...(event?.flagsChanged ?? [])]));
  const ready = OpenFeature.setProviderAndWait(provider);
  return { client, statuses, changed, ready };
}

test("OpenFeature's web SDK, unchanged, reads features of every type, and all of them with one request", async () => {
  const { client, statuses, ready } = await connect(api, { changeDetection: "none" });
  await ready;
  expect(client.getBooleanDetails("sso", false)).toMatchObject({ value: true, reason: "TARGETING_MATCH", variant: "on" });
  expect(client.getBooleanValue("no.sso", true)).toBe(false);
  expect(client.getNumberDetails("seats", 0)).toMatchObject({ value: 2 ** 53 - 1, flagMetadata: { unlimited: true } });
  expect(client.getNumberValue("size", 0)).toBe(2.5);
  expect(client.getStringValue("tone", "")).toBe("warm");
  expect(client.getObjectValue("theme", {})).toEqual({ dark: true, steps: [1, 2] });
  expect(client.getBooleanDetails("none", true)).toMatchObject({ value: true, errorCode: ErrorCode.FLAG_NOT_FOUND });
  expect(client.getBooleanDetails("tone", true)).toMatchObject({ value: true, errorCode: ErrorCode.TYPE_MISMATCH });
  expect(statuses).toEqual([200]);
});

test("another tenant for the same user gets its own answers, though the SDK sends the tag of the first", async () => {
  const { client, statuses, ready } = await connect(api, { changeDetection: "none" });
  await ready;
  await OpenFeature.setContext({ targetingKey: "user-1", tenant: "acme" });
  expect(client.getBooleanValue("sso", false)).toBe(true);
  await OpenFeature.setContext({ targetingKey: "user-1", tenant: "bare" });
  expect(client.getBooleanValue("sso", true)).toBe(false);
  expect(statuses).toEqual([200, 200, 200]);
});

test.each(["nobody", "paused", "gone"])(
  "after a change to a tenant that does not exist, is suspended or is archived, nothing of the former one is left: %s",
  async (other) => {
    await api.tenant("paused", { plan: "top", status: "suspended" });
    await api.tenant("gone", { plan: "top", status: "archived" });
    const { client, ready } = await connect(api, { changeDetection: "none" });
    await ready;
    expect(client.getNumberValue("size", 9)).toBe(2.5);
    await OpenFeature.setContext({ targetingKey: other });
    expect(client.getBooleanValue("sso", true)).toBe(false);
    expect(client.getNumberValue("calls", 9)).toBe(0);
    expect(client.getNumberValue("size", 9)).toBe(9);
    expect(client.getStringValue("tone", "mine")).toBe("mine");
    expect(client.getObjectValue("theme", { mine: true })).toEqual({ mine: true });
    expect(client.getBooleanDetails("sso", true)).toMatchObject({ reason: "DISABLED", flagMetadata: { tenant: other } });
  },
);

test("polling with a tag gets 304 until something changes, also by the clock alone, and says what", async () => {
  const start = api.clock.now;
  await api.trial("bare", "sso", start + 1_000);
  const { client, statuses, changed, ready } = await connect(api, { changeDetection: "polling", pollInterval: 40 }, "bare");
  await ready;
  expect(client.getBooleanValue("sso", false)).toBe(true);
  await soon(() => statuses.filter((s) => s === 304).length >= 3, "three answers 304");
  expect(statuses.filter((s) => s === 200)).toHaveLength(1);
  expect(changed).toEqual([]);
  api.clock.now = start + 1_000;
  await soon(() => changed[0], "a change");
  expect(changed).toEqual([["sso"]]);
  expect(client.getBooleanValue("sso", true)).toBe(false);
  api.clock.now = start;
});

test("the event stream brings a change within a second, without polling", measured, async () => {
  await api.tenant("acme", { plan: "basic" });
  const { client, statuses, changed, ready } = await connect(api);
  await ready;
  await soon(() => api.services.streams.watched() === 1, "a stream");
  expect(client.getBooleanValue("no.sso", true)).toBe(false);
  const started = performance.now();
  await api.tenant("acme", { plan: "top" });
  await soon(() => changed[0], "a change");
  expect(performance.now() - started).toBeLessThan(1_500);
  expect(changed[0]).toContain("no.sso");
  expect(client.getBooleanValue("no.sso", false)).toBe(true);
  expect(statuses).toEqual([200, 200]);
  await api.tenant("acme", { plan: "basic" });
  await soon(() => client.getBooleanValue("no.sso", true) === false, "the change back");
});

test("a stream whose ticket has ended leads to one more evaluation and a new ticket, and to no loop", async () => {
  const start = api.clock.now;
  const { client, statuses, changed, ready } = await connect(api);
  await ready;
  await soon(() => api.services.streams.watched() === 1, "a stream");
  const before = statuses.length;
  api.clock.now = start + 2 * ticketBucket;
  await soon(() => statuses.length > before, "another evaluation");
  await soon(() => api.services.streams.watched() === 1, "a stream with a new ticket");
  expect(statuses.slice(before)).toEqual([200]);
  // It works: a change arrives, with one evaluation more.
  await api.tenant("acme", { plan: "top" });
  await soon(() => client.getBooleanValue("no.sso", false), "the change");
  expect(changed.flat()).toContain("no.sso");
  expect(statuses.slice(before)).toEqual([200, 200]);
  await api.tenant("acme", { plan: "basic" });
  api.clock.now = start;
});

test.each([
  ["a key that was revoked", 401],
  ["a key without the scope", 403],
])("%s is fatal to the provider", async (_what, status) => {
  const made = await createKey(api.services, ada, { name: "gone", scopes: ["check"], expiresAt: null });
  await revokeKey(api.services, ada, made.id);
  const { client, statuses, ready } = await connect(api, {}, "acme", status === 401 ? made.key : api.keys.manage);
  await expect(ready).rejects.toThrow();
  expect(statuses).toEqual([status]);
  expect(client.providerStatus).toBe(ProviderStatus.FATAL);
  expect(client.getBooleanValue("sso", true)).toBe(true);
});

test("a context without a tenant is an error of the provider", async () => {
  const { client, ready } = await connect(api, {}, "");
  await expect(ready).rejects.toThrow();
  expect(client.providerStatus).toBe(ProviderStatus.ERROR);
});

test("when it polls too often it is told to pause, keeps its values, and does", async () => {
  const limited = await startOfrepWorld({ variables: { LATCHKEY_CHECK_RATE_LIMIT: "3" } });
  const { client, statuses, ready } = await connect(limited, { changeDetection: "polling", pollInterval: 20 });
  await ready;
  await soon(() => statuses.includes(429), "a refusal");
  // Ten of its intervals.
  for (let i = 0; i < 10; i++) await sleep(20);
  expect(statuses).toEqual([200, 304, 304, 429]);
  expect(client.getBooleanValue("sso", false)).toBe(true);
  await OpenFeature.clearProviders();
  await limited.stop();
});
