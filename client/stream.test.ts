import { afterEach, beforeEach, expect, test } from "vitest";
import { type Api, startApi } from "../tests/support/api";
import { feature, plan } from "../tests/support/facts";
import { until } from "../tests/support/poll";
import { createLatchkey, type Latchkey } from "./index.js";

let api: Api;
let latchkey: Latchkey;
let asked: string[];

beforeEach(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("basic", { sso: true })]);
  await api.tenant("acme", { plan: "basic" });
  asked = [];
  const watched: typeof fetch = (input, init) => {
    asked.push(String(input).slice(api.origin.length));
    return fetch(input, init);
  };
  latchkey = createLatchkey({ url: api.origin, key: api.keys.check, stream: true, fetch: watched, now: () => api.clock.now });
});
afterEach(async () => {
  latchkey.close();
  await api.stop();
});

const becomes = (entitled: boolean) =>
  until(
    async () => (await latchkey.has("acme", "sso")) === entitled || undefined,
    3_000,
    () => `Not within 3 s: ${entitled}`,
  );

test("with a stream a change is seen within a second though the old answer would still live; without a change nothing is asked twice", async () => {
  expect(await latchkey.has("acme", "sso")).toBe(true);
  await until(
    async () => api.services.streams.watched() === 1 || undefined,
    3_000,
    () => "There is no stream.",
  );
  await becomes(true);
  const started = performance.now();
  await api.tenant("acme", { plan: null });
  await becomes(false);
  expect(performance.now() - started).toBeLessThan(1_500);
  expect(asked.filter((path) => path.startsWith("/api/stream"))).toHaveLength(1);
  const before = asked.length;
  for (let i = 0; i < 100; i++) await latchkey.has("acme", "sso");
  expect(asked.length).toBe(before);
});

test("closing ends the stream, and checks go on without it", async () => {
  await latchkey.has("acme", "sso");
  await until(
    async () => api.services.streams.watched() === 1 || undefined,
    3_000,
    () => "There is no stream.",
  );
  latchkey.close();
  await until(
    async () => api.services.streams.watched() === 0 || undefined,
    3_000,
    () => "The stream is still open.",
  );
  expect(await latchkey.has("acme", "sso")).toBe(true);
});

test("of many tenants the 20 asked for last are listened for", async () => {
  for (let i = 0; i < 25; i++) await latchkey.has(`t${i}`, "sso");
  const streamed = () => asked.filter((path) => path.startsWith("/api/stream"));
  await until(
    async () => api.services.streams.watched() === 20 || undefined,
    5_000,
    () => `${api.services.streams.watched()} streams.`,
  );
  expect(streamed()).toHaveLength(25);
});
