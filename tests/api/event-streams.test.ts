import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, expect, test, vi } from "vitest";
import { eventStreams, streamLimits } from "~/api/event-stream.server";
import { sendProblem } from "~/api/http/problem.server";
import type { Streams, TenantState } from "~/server/checks/subscriptions.server";
import { readEnv } from "~/server/env.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { KeyRing } from "~/server/keys/key-cache.server";
import { listen } from "../support/events";
import { until } from "../support/poll";

let app: FastifyInstance;
afterEach(() => app.close());

type Tell = (state: TenantState) => void;
const env = readEnv({});

/** Streams alone, of tenants that change when a test says so: /stream?tenant=…&key=… */
async function start(limits: Partial<typeof streamLimits> = {}, more: { changed?: string; watch?: () => never } = {}) {
  const tells = new Map<string, Set<Tell>>();
  const bad = new Set<string>();
  const watch = async (tenant: string, tell: Tell) => {
    more.watch?.();
    const here = tells.get(tenant) ?? new Set();
    tells.set(tenant, here.add(tell));
    return { state: { revision: 1, mark: "first" }, stop: () => void here.delete(tell) };
  };
  const keys = { refresh: () => undefined } as unknown as KeyRing;
  const services = { streams: { watch } as unknown as Streams, keys, env, elapsed: () => performance.now() };
  app = Fastify({ forceCloseConnections: true });
  const open = eventStreams(app, services, { ...streamLimits, ...limits });
  app.get<{ Querystring: { tenant: string; key: string } }>("/stream", async ({ query: { tenant, key } }, reply) => {
    const text = () => more.changed ?? "data: changed\n\n";
    const problem = await open(reply, {
      tenant,
      key,
      asker: "server",
      seen: undefined,
      isGood: () => !bad.has(key),
      first: () => "data: first\n\n",
      changed: text,
    });
    return problem ? sendProblem(reply, problem) : reply;
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    origin,
    watching: (tenant: string) => tells.get(tenant)?.size ?? 0,
    change: (tenant: string) => {
      for (const tell of tells.get(tenant) ?? []) tell({ revision: 2, mark: "second" });
    },
    refuse: (key: string) => void bad.add(key),
    listen: (tenant: string, key: string) => listen(`${origin}/stream?tenant=${tenant}&key=${key}`),
    refusal: async (tenant: string, key: string) => {
      const answer = await fetch(`${origin}/stream?tenant=${tenant}&key=${key}`);
      return [answer.status, answer.headers.get("retry-after"), await answer.json()];
    },
  };
}

const tooMany = (detail: RegExp) => [
  429,
  "5",
  expect.objectContaining({ code: "too_many_streams", detail: expect.stringMatching(detail) }),
];

test("streams of a tenant, of a key and of the process are limited, each with its number, and one that ends makes room", async () => {
  const world = await start({ most: 4, maxStreamsPerKey: 3, maxStreamsPerTenant: 2 });
  const [first] = await Promise.all([world.listen("a", "k"), world.listen("a", "k")]);
  expect(await world.refusal("a", "other")).toEqual(tooMany(/^2 streams of this tenant/));
  await world.listen("b", "k");
  expect(await world.refusal("c", "k")).toEqual(tooMany(/^This API key has 3 streams/));
  await world.listen("c", "other");
  expect(await world.refusal("d", "third")).toEqual(tooMany(/^There are 4 streams/));
  first.close();
  await until(
    async () => world.watching("a") === 1 || undefined,
    5_000,
    () => "It is still watched.",
  );
  expect((await world.listen("a", "k")).status).toBe(200);
});

test("the documentation names these numbers", () => {
  const text = readFileSync(new URL("../../docs/api-limits.md", import.meta.url), "utf8");
  const { most, maxStreamsPerKey, maxStreamsPerTenant, maxOfBrowsers, maxUnsentBytes, heartbeatEvery } = streamLimits;
  const number = (n: number) => n.toLocaleString("en");
  expect(text).toContain(
    `| event streams | ${number(most)} in a process, ${number(maxStreamsPerKey)} of an API key, ${number(maxStreamsPerTenant)} of a tenant |`,
  );
  expect(text).toContain(
    `${number(maxOfBrowsers)} in a process, ${env.browserStreams} of a tenant (\`LATCHKEY_BROWSER_STREAMS\`), 300 of one key`,
  );
  expect(text).toContain(`${maxUnsentBytes / 1024} kB`);
  expect(text).toContain(`${heartbeatEvery / 1000} s`);
});

test("a stream on which nothing happens says a word now and then, also while the clock steps back, so that nobody takes it for dead", async () => {
  vi.spyOn(Date, "now").mockImplementation(() => -performance.now() * 1_000);
  const world = await start({ heartbeatEvery: 50, pollIntervalMs: 20 });
  const stream = await world.listen("a", "k");
  await stream.nth(1);
  await until(
    async () => stream.comments() >= 3 || undefined,
    5_000,
    () => "There is no word.",
  );
  expect(stream.events).toHaveLength(1);
});

test("a stream ends when its key is no longer good, and others go on", async () => {
  const world = await start({ pollIntervalMs: 20 });
  const [gone, stays] = await Promise.all([world.listen("a", "gone"), world.listen("a", "stays")]);
  world.refuse("gone");
  await gone.over();
  world.change("a");
  expect(await stays.nth(2)).toEqual({ data: "changed" });
  expect(world.watching("a")).toBe(1);
});

test("a reader that reads nothing is let go once so much lies waiting, and never more is kept for it", async () => {
  const piece = 100_000;
  const maxUnsentBytes = 300_000;
  const world = await start({ maxUnsentBytes }, { changed: `data: ${"x".repeat(piece)}\n\n` });
  let largest = 0;
  let response: { writableLength: number } | undefined;
  app.server.on("request", (_request, r) => {
    response = r;
  });
  const socket = net.connect(Number(new URL(world.origin).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET /stream?tenant=a&key=k HTTP/1.1\r\nhost: x\r\n\r\n");
  await once(socket, "readable");
  // From here on it takes nothing more than what the kernel holds for it.
  let sent = 0;
  while (world.watching("a") === 1 && sent < 1_000_000_000) {
    world.change("a");
    sent += piece;
    largest = Math.max(largest, response?.writableLength ?? 0);
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(1_000_000_000);
  expect(largest).toBeGreaterThan(maxUnsentBytes);
  expect(largest).toBeLessThanOrEqual(maxUnsentBytes + 2 * piece);
  socket.destroy();
});

test("a tenant that cannot be read is a refusal with the time to come back, and not an empty stream", async () => {
  const away = await start(
    {},
    {
      watch: () => {
        throw new FactsUnavailable("The database cannot be read.");
      },
    },
  );
  expect(await away.refusal("a", "k")).toEqual([503, "5", expect.objectContaining({ code: "facts_unavailable" })]);
  await app.close();
  const broken = await start(
    { maxStreamsPerKey: 1 },
    {
      watch: () => {
        throw new Error("something else");
      },
    },
  );
  // Twice: a stream that did not open takes nobody's place.
  for (let i = 0; i < 2; i++) expect((await fetch(`${broken.origin}/stream?tenant=a&key=k`)).status).toBe(500);
});
