import { readFileSync } from "node:fs";
import net from "node:net";
import { decodeViaTurboStream } from "@remix-run/react/dist/single-fetch.js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { overloaded } from "~/api/http/shed-load.server";
import { putTenant } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import { createLoad, createTurnClock, holdMs, type LoadLimits, loadKinds, loadLimits } from "~/server/process/load.server";
import { maxWaitingFiles, queueLimits } from "~/server/process/request-queue.server";
import { ada } from "./support/api";
import { startTestApp, type TestApp } from "./support/app";
import { until } from "./support/poll";
import type { TestPages } from "./support/remix-build";

describe("the load of a process", () => {
  test("is over its bound when a turn of the event loop has lasted too long, for pages before requests and checks, and never for files", () => {
    let ms = 0;
    const load = createLoad({ delayMs: () => ms, clock: () => 0 });
    const full = () => loadKinds.filter((kind) => load.isFull(kind));
    expect(full()).toEqual([]);
    ms = loadLimits.page.maxDelayMs + 1;
    expect(full()).toEqual(["page"]);
    ms = loadLimits.request.maxDelayMs + 1;
    expect(full()).toEqual(["request", "page"]);
    ms = loadLimits.check.maxDelayMs + 1;
    expect(full()).toEqual(["check", "request", "page"]);
  });

  test("is late only if two turns in a row take long, so that one long task makes nobody be refused", async () => {
    let at = 1_000;
    const delayMs = createTurnClock(() => at);
    const turn = async (ms: number) => {
      delayMs();
      at += ms;
      const late = delayMs();
      // The turn's own immediate comes first.
      await new Promise(setImmediate);
      return late;
    };
    expect([await turn(300), await turn(50), await turn(500), await turn(20)]).toEqual([0, 50, 50, 20]);
    at += 100;
    expect([await turn(60), await turn(60)]).toEqual([0, 60]);
  });

  test("holds everything less important but files for a while after a refusal, and nothing more important", () => {
    let at = 0;
    const load = createLoad({ delayMs: () => 0, clock: () => at });
    load.noteRefused("request");
    expect(loadKinds.filter((kind) => load.isFull(kind))).toEqual(["page"]);
    at = holdMs;
    expect(loadKinds.filter((kind) => load.isFull(kind))).toEqual([]);
    expect(load.refused()).toEqual({ check: 0, request: 1, file: 0, page: 0 });
  });
});

let app: TestApp;
const open: TestApp[] = [];
let delayMs = 0;
let clock = 0;
afterEach(async () => {
  vi.restoreAllMocks();
  delayMs = 0;
  for (const one of open.splice(0)) await one.close();
});

/** The whole program with a stated delay of its event loop. Time passes only for holds, and only if a test says so. */
async function start(bounds: Partial<{ [K in keyof LoadLimits]: number }> = {}, pages: TestPages = {}) {
  const limits = structuredClone(loadLimits);
  for (const [kind, maxInFlight] of Object.entries(bounds)) limits[kind as keyof LoadLimits].maxInFlight = maxInFlight as number;
  const load = { limits, delayMs: () => delayMs, clock: () => clock };
  app = await startTestApp({ load, pages, env: { METRICS_TOKEN: "a-token-of-some-length" } });
  open.push(app);
  const key = await app.apiKey("check", "usage", "manage");
  for (const name of ["acme", "cold"])
    await changeTenant(app.services, name, ada, (facts, catalogue, stamp) => putTenant(facts, name, {}, catalogue, stamp));
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(app.url + path, { ...init, headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers } });
  const statusOf = async (path: string, init?: RequestInit) => {
    const answer = await ask(path, init);
    await answer.arrayBuffer();
    return answer.status;
  };
  return { key, ask, statusOf };
}

const check = "/api/entitlements?tenant=acme";
const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
const checks: [string, RequestInit?][] = [
  [check],
  ["/api/entitlements", post({ checks: [{ tenant: "acme", feature: "sso" }] })],
  ["/ofrep/v1/evaluate/flags", post({ context: { targetingKey: "acme" } })],
];
const requests: [string, RequestInit?][] = [
  ["/api/tenants"],
  ["/api/openapi.json"],
  ["/api/stream?tenant=acme"],
  ["/api/nothing"],
  ["/api/tenants/new", { method: "PUT", body: "{}" }],
  ["/api/usage/consume", post({ tenant: "acme", feature: "calls", quantity: 1 })],
];
const pages: [string, RequestInit?][] = [["/sign-in"], ["/tenants"], ["/nothing"], ["/theme", { method: "POST", body: "theme=dark" }]];
const probes = ["/healthz", "/readyz", "/metrics"];

test("a process whose event loop is late refuses pages first, then requests, then checks, and never its probes", async () => {
  const { ask, key } = await start();
  const refused = async (list: [string, RequestInit?][]) => {
    const found: string[] = [];
    for (const [path, init] of list) {
      const answer = await ask(path, init);
      if (answer.status === 503 && answer.headers.get("retry-after") === "1") found.push(path);
      await answer.body?.cancel();
    }
    return found;
  };
  const paths = (list: [string, RequestInit?][]) => list.map(([path]) => path);
  // The quick way answers it from now on.
  await ask(check);
  for (const [ms, ...all] of [
    [0],
    [loadLimits.page.maxDelayMs + 1, pages],
    [loadLimits.request.maxDelayMs + 1, pages, requests],
    [loadLimits.check.maxDelayMs + 1, pages, requests, checks],
  ] as [number, ...(typeof checks)[]][]) {
    delayMs = ms;
    clock += holdMs;
    expect(await refused([...checks, ...requests, ...pages])).toEqual(
      [checks, requests, pages].filter((l) => all.includes(l)).flatMap(paths),
    );
    for (const probe of probes) {
      const token = probe === "/metrics" ? "a-token-of-some-length" : key;
      expect([probe, (await ask(probe, { headers: { authorization: `Bearer ${token}` } })).status]).toEqual([probe, 200]);
    }
  }
  expect((await ask("/api/tenants/never", { method: "PUT", body: "{}" })).status).toBe(503);
  delayMs = 0;
  clock += holdMs;
  expect((await ask("/api/tenants/never")).status).toBe(404);
});

test("a refusal is a stable code for programs, the protocol's shape for OpenFeature, and a sentence for people", async () => {
  const { ask } = await start();
  delayMs = 1_000;
  const problem = await ask(check);
  expect(problem.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(problem.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await problem.json()).toMatchObject({ type: "about:blank", status: 503, code: "overloaded", detail: overloaded.detail });
  const flag = await ask("/ofrep/v1/evaluate/flags/a%20b", post({}));
  expect(await flag.json()).toEqual({ key: "a b", errorCode: "GENERAL", errorDetails: overloaded.detail, code: "overloaded" });
  const page = await ask("/tenants");
  expect([page.headers.get("content-type"), page.headers.get("cache-control")]).toEqual(["text/html; charset=utf-8", "no-store"]);
  expect(await page.text()).toMatch(/<h1>Service Unavailable<\/h1><p>Latchkey .*\. Wait a few seconds, then load the page again\.<\/p>/);
});

test("a page's script gets the error that it shows, for a form and for a navigation", async () => {
  const { ask } = await start();
  delayMs = 1_000;
  const decoded = async (path: string, init?: RequestInit) => {
    const { body, headers } = await ask(path, init);
    expect(headers.get("content-type")).toBe("text/x-script; charset=utf-8");
    const { value } = await decodeViaTurboStream(body as ReadableStream<Uint8Array>, globalThis);
    // For any route of a navigation, under a symbol that Remix keeps to itself.
    const [ofAnyRoute] = Object.getOwnPropertySymbols(value);
    return (ofAnyRoute ? (value as { [name: symbol]: unknown })[ofAnyRoute] : value) as { error: unknown };
  };
  const error = expect.objectContaining({ status: 503, statusText: "Service Unavailable" });
  expect((await decoded("/tenants/new.data", { method: "POST", body: "name=Acme" })).error).toEqual(error);
  expect((await decoded("/tenants.data?search=a")).error).toEqual(error);
});

test("a page of another origin may read why it was refused", async () => {
  const { ask } = await start();
  const form = { name: "Web", scopes: ["check" as const], expiresAt: null, kind: "pub" as const, tenant: "acme" };
  await createKey(app.services, ada, { ...form, origins: ["https://app.example.com"] });
  await ask(check);
  delayMs = 1_000;
  const allowed = async (path: string, origin: string) =>
    (await ask(path, { headers: { origin } })).headers.get("access-control-allow-origin");
  expect(await allowed(check, "https://app.example.com")).toBe("https://app.example.com");
  expect(await allowed("/ofrep/v1/evaluate/flags/sso", "https://app.example.com")).toBe("https://app.example.com");
  expect(await allowed(check, "https://evil.example")).toBeNull();
  expect(await allowed("/api/tenants", "https://app.example.com")).toBeNull();
});

test("a connection goes on after a refusal with a small body, and ends in order after one with a large body", async () => {
  const { key } = await start();
  delayMs = 1_000;
  const head = `Host: a\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  const answersTo = (bytes: string, count: number) =>
    new Promise<string[]>((resolve, reject) => {
      const socket = net.connect(Number(new URL(app.url).port), "127.0.0.1", () => socket.write(bytes));
      let text = "";
      const first = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status as string);
      socket.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        if (first().length >= count) socket.end();
      });
      socket.on("error", reject).on("close", () => resolve(first()));
    });
  const put = `PUT /api/tenants/new HTTP/1.1\r\n${head}Content-Length: 2\r\n\r\n{}`;
  expect(await answersTo(`${put}GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n`, 2)).toEqual(["503", "200"]);
  const large = 4 * 1024 * 1024;
  expect(await answersTo(`PUT /api/tenants/new HTTP/1.1\r\n${head}Content-Length: ${large}\r\n\r\n${" ".repeat(large)}`, 2)).toEqual([
    "503",
  ]);
});

test("with one page at work and a bound of one, further pages are refused and everything else is answered, until it is done", async () => {
  let release = () => {};
  let started = () => {};
  const isCached = new Promise<void>((resolve) => {
    started = resolve;
  });
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const loader = async () => {
    started();
    await held;
    return new Response("done");
  };
  const { ask, statusOf } = await start({ page: 1 }, { held: { loader } });
  const first = ask("/held");
  await isCached;
  expect(await statusOf("/sign-in")).toBe(503);
  expect([await statusOf(check), await statusOf("/api/tenants"), await statusOf("/healthz")]).toEqual([200, 200, 200]);
  release();
  expect(await (await first).text()).toBe("done");
  expect(await statusOf("/sign-in")).toBe(200);
});

test("a body that is still arriving takes no place", async () => {
  const { statusOf } = await start({ page: 1 });
  const socket = net.connect(Number(new URL(app.url).port), "127.0.0.1");
  const head =
    "Host: a\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nemail=";
  // An answer to the first of two shows that the second has arrived.
  socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nPOST /sign-in HTTP/1.1\r\n${head}`);
  await new Promise((resolve) => socket.once("data", resolve));
  expect(await statusOf("/sign-in")).toBe(200);
  socket.destroy();
});

test("with one check at work, whose client has gone, and a bound of one, further checks are refused and counted, and all that is less important", async () => {
  const { ask, statusOf } = await start({ check: 1 });
  let release = () => {};
  const { facts } = app.services;
  const tenant = facts.tenant;
  const asked = new Promise<void>((resolve) => {
    vi.spyOn(facts, "tenant").mockImplementationOnce(async (key) => {
      resolve();
      await new Promise<void>((done) => {
        release = done;
      });
      return tenant(key);
    });
  });
  const left = new AbortController();
  const first = ask("/api/entitlements?tenant=cold", { signal: left.signal }).catch(() => "gone");
  await asked;
  left.abort();
  expect(await first).toBe("gone");
  expect(await statusOf(check)).toBe(503);
  expect([await statusOf("/api/tenants"), await statusOf("/sign-in"), await statusOf("/sign-in")]).toEqual([503, 503, 503]);
  const metrics = await ask("/metrics", { headers: { authorization: "Bearer a-token-of-some-length" } });
  const lines = (await metrics.text()).split("\n");
  for (const [kind, count] of Object.entries({ check: 1, request: 1, file: 0, page: 2 }))
    expect(lines).toContain(`latchkey_refused_requests_total{kind="${kind}"} ${count}`);
  expect(app.log()).toContain("overloaded");
  release();
  await until(
    async () => (await statusOf(check)) === 200 || undefined,
    5_000,
    () => "The place was not given back.",
  );
  clock += holdMs;
  expect(await statusOf("/sign-in")).toBe(200);
  expect(app.services.load.inFlight()).toEqual({ check: 0, request: 0, file: 0, page: 0 });
});

test("the documentation names these numbers", () => {
  const text = readFileSync(new URL("../docs/api-limits.md", import.meta.url), "utf8");
  const { check, request, file, page } = loadLimits;
  const of = (what: string, { maxDelayMs, maxInFlight }: (typeof loadLimits)["check"]) =>
    `${what} beyond ${maxDelayMs} ms and ${maxInFlight.toLocaleString("en")}`;
  for (const said of [of("checks", check), of("other requests of programs", request), of("pages", page)]) expect(text).toContain(said);
  const limits = queueLimits;
  expect(text).toContain(`more than ${file.maxInFlight.toLocaleString("en")} of them are in progress`);
  expect(text).toContain(`more than ${maxWaitingFiles.toLocaleString("en")} wait`);
  expect(text).toContain(`for more than ${limits.file.maxWaitMs / 1_000} s`);
  expect(text).toContain(
    `more than ${limits.check.maxWaitMs} ms (a check) or ${limits.request.maxWaitMs} ms (other requests and pages) and its kind has been queued without a break for ${limits.check.burstMs} ms (pages: ${limits.page.burstMs / 1_000} s)`,
  );
});
