import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLatchkey, type LatchkeyError, type LatchkeyOptions } from "./index.js";

/** A server whose connection can be made to fail; `say` is its normal answer. */
let server: Server;
let origin: string;
let requests: IncomingMessage[];
let behave: (response: ServerResponse, request: IncomingMessage) => void;
let clock: number;
let errors: LatchkeyError[];
const start = Date.UTC(2026, 10, 20, 10);

const entitled = {
  entitled: true,
  type: "boolean",
  source: "plan",
  reason: { code: "plan", message: "Yes." },
  expiresAt: null,
  validUntil: null,
  sources: [],
};
const say =
  (body: object, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/json", "cache-control": "private, max-age=30", etag: '"a"', ...headers });
    response.end(JSON.stringify(body));
  };
const yes = (validUntil: string | null = null) =>
  say({ tenant: "acme", plan: "p", validUntil, revision: 1, isStale: false, entitlements: { sso: entitled } });

beforeEach(async () => {
  requests = [];
  errors = [];
  clock = start;
  behave = yes();
  server = createServer((request, response) => {
    requests.push(request);
    behave(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
});

const connect = (more: Partial<LatchkeyOptions> = {}) =>
  createLatchkey({ url: origin, key: "lk_live_x", timeoutMs: 5000, now: () => clock, onError: (e) => errors.push(e), ...more });

const wire: [string, LatchkeyError["code"], (response: ServerResponse) => void][] = [
  ["refuses the connection", "network", (r) => r.socket?.resetAndDestroy()],
  ["never answers", "timeout", () => {}],
  ["stops half-way", "timeout", (r) => void r.writeHead(200, { "content-length": "500" }).write('{"tenant":')],
  [
    "breaks off half-way",
    "network",
    (r) => {
      r.writeHead(200, { "content-length": "500" }).write('{"tenant":');
      setTimeout(() => r.destroy(), 5);
    },
  ],
  [
    "sends a byte at a time",
    "timeout",
    (r) => {
      r.writeHead(200, { "content-length": "500" });
      const timer = setInterval(() => r.write("{"), 20);
      r.on("close", () => clearInterval(timer));
    },
  ],
  ["answers 500", "status", (r) => void r.writeHead(500).end("boom")],
  ["answers 503", "status", (r) => void r.writeHead(503, { "retry-after": "soon" }).end("{}")],
  ["answers 429", "status", (r) => void r.writeHead(429).end("null")],
  ["answers 401", "status", (r) => void r.writeHead(401).end('{"detail":"No."}')],
  ["redirects to a sign-in page", "network", (r) => void r.writeHead(302, { location: "/sign-in" }).end()],
  ["answers with a page", "invalid_answer", (r) => void r.writeHead(200).end("<!doctype html>")],
  ["answers nothing", "invalid_answer", (r) => void r.writeHead(200).end()],
  ["answers 304 to a question without a tag", "status", (r) => void r.writeHead(304).end()],
  ["answers null", "invalid_answer", (r) => void r.writeHead(200).end("null")],
  ["answers of another tenant", "invalid_answer", say({ tenant: "other", entitlements: { sso: entitled } })],
  ["leaves out what was asked", "invalid_answer", say({ tenant: "acme", entitlements: {} })],
  ["says neither yes nor no", "invalid_answer", say({ tenant: "acme", entitlements: { sso: { ...entitled, entitled: "yes" } } })],
  ["gives an instant that is none", "invalid_answer", say({ tenant: "acme", validUntil: "soon", entitlements: { sso: entitled } })],
];

/** Short only where a timeout is expected, because machines may be slow. */
const timeoutMs = (code: LatchkeyError["code"]) => (code === "timeout" ? 200 : 5000);

describe("when Latchkey", () => {
  test.each(wire)("%s, the default is answered in time and onError hears once: %s", async (_what, code, how) => {
    behave = how;
    const latchkey = connect({ defaults: { sso: true }, timeoutMs: timeoutMs(code) });
    const started = performance.now();
    const both = await Promise.all([latchkey.decide("acme", "sso"), latchkey.decide("acme", "sso")]);
    expect(performance.now() - started).toBeLessThan(2000);
    for (const decision of both) expect(decision).toMatchObject({ entitled: true, from: "default", reason: { code: "unavailable" } });
    expect(errors.map((e) => [e.name, e.code])).toEqual([["LatchkeyError", code]]);
    expect(requests).toHaveLength(1);
  });

  test.each(wire.filter(([what]) => !what.includes("304")))(
    "%s, what it said before stands in until 5 minutes after its life",
    async (_what, code, how) => {
      const latchkey = connect({ timeoutMs: timeoutMs(code) });
      expect((await latchkey.decide("acme", "sso")).from).toBe("latchkey");
      behave = how;
      clock = start + 30_000;
      expect(await latchkey.decide("acme", "sso")).toMatchObject({
        entitled: true,
        from: "stale",
        isStale: true,
        reason: { code: "plan" },
      });
      clock = start + 330_000 - 1;
      expect((await latchkey.decide("acme", "sso")).from).toBe("stale");
      clock = start + 330_000;
      expect(await latchkey.decide("acme", "sso")).toMatchObject({ entitled: false, from: "default" });
    },
  );

  test("is away, nothing stands in from its validUntil on", async () => {
    behave = yes(new Date(start + 60_000).toISOString());
    const latchkey = connect();
    await latchkey.all("acme");
    behave = (response) => response.destroy();
    clock = start + 59_999;
    expect(await latchkey.decide("acme", "sso")).toMatchObject({ entitled: true, from: "stale" });
    expect(await latchkey.all("acme")).toMatchObject({ from: "stale", isStale: true });
    clock = start + 60_000;
    expect(await latchkey.decide("acme", "sso")).toMatchObject({ entitled: false, from: "default" });
    expect(await latchkey.all("acme")).toMatchObject({ from: "default", isStale: true, entitlements: {} });
  });

  test("says an instant before the end of its life, that instant counts", async () => {
    behave = yes(new Date(start + 10_000).toISOString());
    const latchkey = connect();
    await latchkey.has("acme", "sso");
    clock = start + 9_999;
    await latchkey.has("acme", "sso");
    expect(requests).toHaveLength(1);
    clock = start + 10_000;
    await latchkey.has("acme", "sso");
    expect(requests.length).toBeGreaterThan(1);
  });

  test("answers too late, after the instant that ends the answer, it is asked again", async () => {
    behave = (response) => {
      clock = start + 1000;
      const isFirst = requests.length === 1;
      yes(isFirst ? new Date(start + 1000).toISOString() : null)(response);
    };
    expect((await connect().decide("acme", "sso")).validUntil).toBe(null);
    expect(requests).toHaveLength(2);
  });

  test("forbids keeping, or says nothing of it, every check asks", async () => {
    for (const cacheControl of ["no-store", "private, no-cache, max-age=30", "private"]) {
      behave = say({ tenant: "acme", entitlements: { sso: entitled } }, { "cache-control": cacheControl });
      const latchkey = connect();
      requests.length = 0;
      await latchkey.has("acme", "sso");
      await latchkey.has("acme", "sso");
      expect(requests).toHaveLength(2);
    }
  });
});

describe("an outage", () => {
  test("costs three time-outs, and then nobody waits; a second later one asks", async () => {
    behave = () => {};
    const latchkey = connect({ timeoutMs: timeoutMs("timeout") });
    for (let i = 0; i < 3; i++) await latchkey.has("acme", "sso");
    expect(requests).toHaveLength(3);
    const started = performance.now();
    for (let i = 0; i < 1000; i++) await latchkey.has(`t${i}`, "sso");
    expect(performance.now() - started).toBeLessThan(500);
    expect(requests).toHaveLength(3);
    expect(errors).toHaveLength(3);
    clock = start + 999;
    await latchkey.has("acme", "sso");
    expect(requests).toHaveLength(3);
    behave = yes();
    clock = start + 1000;
    expect(await latchkey.decide("acme", "sso")).toMatchObject({ entitled: true, from: "latchkey" });
  });

  test("with Retry-After is left alone as long as that says", async () => {
    behave = (response) => response.writeHead(503, { "retry-after": "5" }).end("{}");
    const latchkey = connect();
    await latchkey.has("acme", "sso");
    behave = yes();
    clock = start + 4_999;
    expect(await latchkey.has("acme", "sso")).toBe(false);
    clock = start + 5_000;
    expect(await latchkey.has("acme", "sso")).toBe(true);
  });

  test("is not what a refused question makes of it: other questions go on", async () => {
    behave = (response, request) => (request.url?.includes("bad") ? response.writeHead(400).end("{}") : yes()(response));
    const latchkey = connect();
    for (let i = 0; i < 10; i++) await latchkey.has("bad", "sso");
    expect(await latchkey.has("acme", "sso")).toBe(true);
  });

  test("leaves nothing unhandled, whatever onError does and however fetch fails", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const onError = () => {
      throw new Error("of the hook");
    };
    const late = { begun: 0, failed: 0 };
    const fetches: (typeof fetch)[] = [
      () => Promise.reject(new Error("later")),
      () => {
        throw new Error("at once");
      },
      // Ignores its signal and fails after the timeout.
      () => {
        late.begun += 1;
        return new Promise((_resolve, reject) =>
          setTimeout(() => {
            late.failed += 1;
            reject(new Error("too late"));
          }, 80),
        );
      },
    ];
    for (const broken of fetches) {
      const latchkey = connect({ fetch: broken, onError, timeoutMs: 50 });
      expect(await Promise.all([latchkey.has("acme", "sso"), latchkey.has("acme", "sso")])).toEqual([false, false]);
      expect((await latchkey.all("acme")).from).toBe("default");
    }
    expect(late.begun).toBeGreaterThan(0);
    await expect.poll(() => late.failed).toBe(late.begun);
    await new Promise(setImmediate);
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  test("answers defaults with a limit or a value, and those of no feature by accident of its name", async () => {
    behave = (response) => response.destroy();
    const latchkey = connect({ defaults: { api_calls: { entitled: true, limit: 100 }, theme: { entitled: true, value: "plain" } } });
    expect(await latchkey.decide("acme", "api_calls")).toMatchObject({ entitled: true, limit: 100 });
    expect(await latchkey.has("acme", "constructor")).toBe(false);
    expect(Object.keys((await latchkey.all("acme")).entitlements)).toEqual(["api_calls", "theme"]);
  });
});

describe("posthogGroups", () => {
  const groups = { groups: { organization: "a/b" }, groupProperties: { organization: { plan: "premium", plan_rank: 20 } } };

  test("gives what an app's own PostHog calls need, and is kept like every answer", async () => {
    behave = say(groups, { "cache-control": "private, max-age=10" });
    const latchkey = connect();
    expect(await latchkey.posthogGroups("a/b")).toEqual(groups);
    expect(requests[0]?.url).toBe("/api/tenants/a%2Fb/posthog-groups");
    expect(requests[0]?.headers.authorization).toBe("Bearer lk_live_x");
    clock = start + 9_999;
    await latchkey.posthogGroups("a/b");
    expect(requests).toHaveLength(1);
    clock = start + 10_000;
    behave = (response) => response.writeHead(304, { "cache-control": "max-age=10" }).end();
    expect(await latchkey.posthogGroups("a/b")).toEqual(groups);
    expect(requests[1]?.headers["if-none-match"]).toBe('"a"');
  });

  test("still groups events while Latchkey is away, and makes no group of a tenant that is unknown", async () => {
    behave = (response) => response.destroy();
    expect(await connect().posthogGroups("acme")).toEqual({ groups: { organization: "acme" }, groupProperties: {} });
    expect(await connect({ groupType: "company" }).posthogGroups("acme")).toEqual({ groups: { company: "acme" }, groupProperties: {} });
    errors.length = 0;
    behave = (response) => response.writeHead(404).end('{"code":"tenant_not_found"}');
    expect(await connect().posthogGroups("nobody")).toEqual({ groups: {}, groupProperties: {} });
    expect(errors).toEqual([]);
  });
});
