import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { quickCheck } from "~/api/quick-check.server";
import { day } from "~/core/time";
import { baseHeaders } from "~/server/http/security.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { configFeature, feature, meteredFeature, now, plan } from "../support/facts";
import { until } from "../support/poll";

let api: Api;
let stopping = false;
/** Only the quick way: what it leaves to the route gets 599. */
let alone: http.Server;

beforeAll(async () => {
  api = await startApi();
  const features = [feature("sso"), meteredFeature("calls", { unit: "Anrufe" }), configFeature("tier", { kind: "text", options: [] })];
  await api.catalogue(features, [plan("basic", { sso: true, calls: 5, tier: "günstig 🦊" })]);
  await api.tenant("acme", { name: "Acme", plan: "basic" });
  await api.tenant("ümläut & 中文", { name: "Ü" });
  await api.tenant("shut", { name: "Shut", plan: "basic", status: "suspended" });
  await api.tenant("trying", { name: "Trying" });
  await api.trial("trying", "sso", now + 14 * day);
  const headers = [...Object.entries(baseHeaders(api.services.env)).flat(), "keep-alive", "timeout=72"];
  const quick = quickCheck(api.services, { isStopping: () => stopping, note: () => {}, headers });
  alone = http.createServer((request, response) => {
    if (!quick(request, response)) response.writeHead(599).end();
  });
  await once(alone.listen(0, "127.0.0.1"), "listening");
});
afterAll(async () => {
  alone.close();
  await api.stop();
});

/** Every byte of one answer but its date. */
async function bytes(port: number, question: string, headers: string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  socket.write([`GET ${question} HTTP/1.1`, "Host: a", ...headers, "", ""].join("\r\n"));
  let seen = "";
  for await (const chunk of socket.setEncoding("latin1")) {
    seen += chunk;
    const head = seen.indexOf("\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(seen)?.[1] ?? 0);
    if (head >= 0 && seen.length >= head + 4 + length) break;
  }
  socket.destroy();
  return seen.replace(/^date: .*\r\n/im, "");
}
const bearer = () => `Authorization: Bearer ${api.keys.check}`;
const byRoute = (question: string, headers = [bearer()]) => bytes(Number(new URL(api.origin).port), question, headers);
const quickly = (question: string, headers = [bearer()]) => bytes((alone.address() as AddressInfo).port, question, headers);
const left = expect.stringMatching(/^HTTP\/1\.1 599 /);

describe("the quick way gives, byte for byte, what the route gives", () => {
  test.each([
    ["one feature of a plan", "tenant=acme&feature=sso"],
    ["several features", "tenant=acme&feature=tier&feature=calls&feature=sso"],
    ["every feature", "tenant=acme"],
    ["a trial, which shortens nothing yet", "tenant=trying&feature=sso"],
    ["a suspended tenant", "tenant=shut&feature=sso"],
    ["an unknown tenant", "tenant=nobody&feature=sso"],
    ["an unknown feature", "tenant=acme&feature=none"],
    ["a key that needs escaping", "tenant=%C3%BCml%C3%A4ut%20%26%20%E4%B8%AD%E6%96%87&feature=sso"],
    ["other parameters, and a user", "x=1&tenant=acme&feature=sso&user=u1&x=2"],
  ])("%s", async (_what, query) => {
    const question = `/api/entitlements?${query}`;
    // Nobody has asked yet, so that this is the route's own answer, and the next one can be quick.
    const first = await byRoute(question);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(await quickly(question)).toBe(first);
    expect(await byRoute(question)).toBe(first);
  });

  test("close to the end of a trial, when the answer lives for less than a second", async () => {
    const question = "/api/entitlements?tenant=trying&feature=sso&x=end";
    api.clock.now = now + 14 * day - 1;
    const last = await byRoute(question);
    expect(last).toContain("max-age=0\r\n");
    expect(await quickly(question)).toBe(last);
    api.clock.now = now + 14 * day;
    expect(await quickly(question)).toEqual(left);
    expect(await byRoute(question)).toContain('"entitled":false');
    expect(await quickly(question)).toContain('"entitled":false');
    api.clock.now = now;
  });
});

describe("it leaves to the route", () => {
  const question = "/api/entitlements?tenant=acme&feature=sso&x=left";
  beforeAll(async () => void (await byRoute(question)));

  test("nothing of a plain question with an answer that lies ready", async () => {
    expect(await quickly(question)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test.each([
    ["no key", () => []],
    ["a key with a typo", () => [`${bearer()}x`]],
    ["a key in another header", () => [`X-API-Key: ${api.keys.check}`]],
    ["a key without the scope", () => [`Authorization: Bearer ${api.keys.manage}`]],
    ["a tag to compare", () => [bearer(), 'If-None-Match: "x"']],
    ["a body", () => [bearer(), "Content-Length: 0"]],
  ])("%s", async (_what, headers) => {
    expect(await quickly(question, headers())).toEqual(left);
  });

  test("what was not asked before, and other addresses", async () => {
    expect(await quickly("/api/entitlements?tenant=acme&feature=sso&x=new")).toEqual(left);
    expect(await quickly("/api/entitlements")).toEqual(left);
    expect(await quickly("/healthz")).toEqual(left);
  });

  test("everything from the moment that a key is revoked, and once the process is about to stop", async () => {
    const { id, key } = await createKey(api.services, ada, { name: "short-lived", scopes: ["check"], expiresAt: null });
    const withIt = [`Authorization: Bearer ${key}`];
    await byRoute(question, withIt);
    expect(await quickly(question, withIt)).toMatch(/^HTTP\/1\.1 200 OK/);
    await revokeKey(api.services, ada, id);
    expect(await quickly(question, withIt)).toEqual(left);
    stopping = true;
    expect(await quickly(question)).toEqual(left);
    stopping = false;
  });

  test("a question whose tenant was changed since", async () => {
    await byRoute(question);
    expect(await quickly(question)).toContain('"entitled":true');
    await api.tenant("acme", { plan: null });
    expect(await quickly(question)).toEqual(left);
    expect(await byRoute(question)).toContain('"entitled":false');
    // When the process reads its own change from the feed, the question is left to the route once more.
    const again = await until(
      async () => {
        const answer = await quickly(question);
        if (answer.startsWith("HTTP/1.1 200 ")) return answer;
        await byRoute(question);
      },
      10_000,
      () => "the quick way answers no more",
    );
    expect(again).toContain('"entitled":false');
  });
});

test("a quick answer counts as a check like any other, also after counts were written and on the next day", async () => {
  const question = "/api/entitlements?tenant=shut&feature=calls";
  const { checkCounts } = api.services.db.tables;
  const counted = async () => {
    await api.services.counts.flush();
    const rows = await api.services.db.read.select().from(checkCounts).orderBy(checkCounts.day);
    return rows.filter((r) => r.tenant === "shut" && r.feature === "calls").map((r) => [r.day, r.count, r.allowed]);
  };
  // A commit of this process, such as that of the counts, looks like another's until the feed was read once.
  const answered = async () => {
    while (/^HTTP\/1\.1 599 /.test(await quickly(question))) await api.services.facts.look();
  };
  await byRoute(question);
  await answered();
  await answered();
  expect(await counted()).toEqual([["2026-11-20", 3, false]]);
  await answered();
  await answered();
  expect(await counted()).toEqual([["2026-11-20", 5, false]]);
  await answered();
  api.clock.now = now + day;
  await answered();
  await answered();
  api.clock.now = now;
  await answered();
  expect(await counted()).toEqual([
    ["2026-11-20", 7, false],
    ["2026-11-21", 2, false],
  ]);
});

test("where checks are limited, every one of them goes to the route, which counts them", async () => {
  const limited = await startApi("sqlite", { variables: { LATCHKEY_CHECK_RATE_LIMIT: "2" } });
  const asked = () => limited.get("/api/entitlements?tenant=nobody&feature=sso");
  expect([(await asked()).status, (await asked()).status, (await asked()).status]).toEqual([200, 200, 429]);
  await limited.stop();
});

test("a key that is revoked while its request waits in the queue is refused", async () => {
  const { id, key } = await createKey(api.services, ada, { name: "waits", scopes: ["check"], expiresAt: null });
  let answer = () => {};
  const add = vi.spyOn(api.services.queue, "add").mockImplementationOnce((_kind, run) => {
    answer = run;
  });
  const asked = api.get("/api/entitlements?tenant=acme&feature=sso&x=waits", key);
  await vi.waitUntil(() => add.mock.calls.length > 0);
  add.mockRestore();
  await revokeKey(api.services, ada, id);
  answer();
  const response = await asked;
  expect([response.status, await response.json()]).toMatchObject([401, { code: "key_revoked" }]);
});
