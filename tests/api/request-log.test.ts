import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app";
import { until } from "../support/poll";

let app: TestApp;
let key: string;
beforeAll(async () => {
  app = await startTestApp({ env: { LATCHKEY_RATE_LIMIT: "0", METRICS_TOKEN: "a-token-of-some-length" } });
  key = await app.apiKey("check", "manage");
});
afterAll(() => app.close());

type Line = {
  level: number;
  msg: string;
  reqId: string;
  req: { method: string; route: string };
  status: number;
  ms: number;
  key?: string;
  sampled?: number;
};
const answered = () =>
  app
    .log()
    .split("\n")
    .filter((line) => line.includes('"msg":"answered"'))
    .map((line) => JSON.parse(line) as Line);
const send = (method: string, path: string, body?: unknown, bearer: string | null = key) =>
  fetch(app.url + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { "content-type": "application/json", ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }) },
  });
/** The lines that came since, once there are so many: they are written after the answer has left. */
const linesSince = (before: number, count: number) =>
  until(
    async () => (answered().length >= before + count ? answered().slice(before) : undefined),
    5_000,
    () => `There are ${answered().length - before} lines.`,
  );

test("each request is one line, under the id that its refusal names, and says by a pattern what was asked, and by whose key", async () => {
  const before = answered().length;
  expect((await send("PUT", "/api/tenants/secret-tenant", { name: "Secret Name", why: "secret reason" })).status).toBe(201);
  const refused = await send("GET", "/api/tenants/secret-other?search=secret-search");
  const { requestId } = await refused.json();
  await send("GET", "/api/tenants", undefined, null);
  await (await app.browser().get("/sign-in?returnTo=/tenants/secret-tenant")).text();
  const lines = await linesSince(before, 4);
  expect(lines).toMatchObject([
    {
      level: 30,
      req: { method: "PUT", route: "/api/tenants/:key" },
      status: 201,
      ms: expect.any(Number),
      key: expect.stringMatching(/^key_/),
    },
    { level: 30, req: { method: "GET", route: "/api/tenants/:key" }, status: 404, reqId: requestId, key: lines[0]?.key },
    { level: 30, req: { method: "GET", route: "/api/tenants" }, status: 401 },
    { level: 30, req: { method: "GET", route: "*" }, status: 200 },
  ]);
  expect(lines[2]).not.toHaveProperty("key");
  expect(new Set(lines.map((l) => l.reqId)).size).toBe(4);
  expect(app.log()).not.toMatch(/secret|lk_live_/i);
});

test("probes and files are written at the level debug only", async () => {
  const before = answered().length;
  for (const path of ["/healthz", "/readyz", "/metrics", "/docs/api/try.js"]) await (await send("GET", path)).text();
  expect((await linesSince(before, 4)).map((l) => [l.req.route, l.level])).toEqual([
    ["/healthz", 20],
    ["/readyz", 20],
    ["/metrics", 20],
    ["/docs/api/try.js", 20],
  ]);
});

test("of checks one in 1,024 is written, on the quick way and on the plain one, and says so; one in 32 is timed", async () => {
  const before = answered().length;
  const histogram = async () => {
    const text = await (await send("GET", "/metrics", undefined, "a-token-of-some-length")).text();
    return Number(/latchkey_check_seconds_count (\d+)/.exec(text)?.[1]);
  };
  const timedBefore = await histogram();
  const ask = async (count: number, path: string) => {
    for (let left = count; left > 0; left -= 32)
      await Promise.all(Array.from({ length: 32 }, async () => (await send("GET", path)).text()));
  };
  const question = "/api/entitlements?tenant=secret-tenant&feature=secret";
  await (await send("GET", question)).text();
  await ask(2_048, question);
  // Not from what lies ready: the route answers each.
  await ask(2_048, `${question}&at=2027-01-01T00:00:00Z`);
  const sampled = () =>
    answered()
      .slice(before)
      .filter((l) => l.sampled !== undefined);
  await until(
    async () => sampled().length >= 4 || undefined,
    5_000,
    () => `There are ${sampled().length} lines.`,
  );
  const checks = sampled();
  for (const line of checks)
    expect(line).toMatchObject({ level: 30, req: { method: "GET", route: "/api/entitlements" }, status: 200, sampled: 1_024 });
  expect(checks).toHaveLength(4);
  expect(new Set(checks.map((l) => l.reqId)).size).toBe(checks.length);
  expect((await histogram()) - timedBefore).toBe(128);
  expect(app.log()).not.toMatch(/secret/i);
});
