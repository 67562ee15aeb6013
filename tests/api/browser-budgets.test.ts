import { parseList } from "structured-headers";
import { afterEach, expect, test } from "vitest";
import { streamLimits } from "~/api/event-stream.server";
import { minute } from "~/core/time";
import { createKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { listen } from "../support/events";
import { feature, now, plan } from "../support/facts";

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.stop();
});

async function start(variables: Record<string, string> = {}) {
  const api = await startApi("sqlite", { variables });
  open.push(api);
  await api.catalogue([feature("sso")], [plan("basic", { sso: true })]);
  for (const key of ["acme", "other"]) await api.tenant(key, { plan: "basic" });
  const pub = async (tenant: string) => {
    const form = { name: "Web", kind: "pub" as const, tenant, origins: ["https://app.example.com"], scopes: ["check" as const] };
    return (await createKey(api.services, ada, { ...form, expiresAt: null })).key;
  };
  const token = async (tenant: string, minter = api.keys.check) =>
    ((await (await api.send("POST", `/api/tenants/${tenant}/token`, {}, minter)).json()) as { token: string }).token;
  /** A stream that opened, or why it did not. */
  const stream = async (key: string, tenant = "acme") => {
    const opened = await listen(`${api.origin}/api/stream?tenant=${tenant}`, { authorization: `Bearer ${key}` });
    return opened.status;
  };
  const streams = async (count: number, key: string, tenant = "acme") => {
    const statuses = await Promise.all(Array.from({ length: count }, () => stream(key, tenant)));
    return [statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 429).length];
  };
  const check = (key: string, tenant = "acme") => api.get(`/api/entitlements?tenant=${tenant}&feature=sso`, key);
  return { api, pub, token, stream, streams, check };
}

const names = (header: string | null) => (parseList(header ?? "") as unknown as [string, unknown][]).map(([name]) => name);

test("500 streams of one browser key leave the server's key of the same tenant its streams and its requests", async () => {
  const { api, pub, stream, streams, check } = await start();
  const web = await pub("acme");
  expect(await streams(500, web)).toEqual([300, 200]);
  const refused = await api.get("/api/stream?tenant=acme", web);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
  expect(await refused.json()).toMatchObject({
    code: "too_many_streams",
    detail: expect.stringMatching(/^This browser key has 300 streams/),
  });
  // Other keys of browsers have what is left of the tenant's share, and no more.
  expect(await streams(150, await pub("acme"))).toEqual([100, 50]);
  expect(await stream(api.keys.check)).toBe(200);
  expect(await streams(50, api.keys.check)).toEqual([50, 0]);
  expect((await check(api.keys.check)).status).toBe(200);
  expect((await api.get("/api/tenants", api.keys.manage)).status).toBe(200);
  expect(await stream(await pub("other"), "other")).toBe(200);
});

test("tokens and tickets are browsers' as well, and take nothing from the streams of the key behind them", async () => {
  const { api, token, stream, streams } = await start({ LATCHKEY_BROWSER_STREAMS: "8" });
  expect(await streams(10, await token("acme"))).toEqual([6, 4]);
  const flags = await api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, await api.keyFor("check"));
  const { eventStreams } = (await flags.json()) as { eventStreams: { endpoint: { requestUri: string } }[] };
  const path = eventStreams[0]?.endpoint.requestUri as string;
  const byTicket = await Promise.all(Array.from({ length: 4 }, () => listen(api.origin + path)));
  expect(byTicket.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
  expect(await stream(api.keys.check)).toBe(200);
});

test("browsers of all tenants together leave a part of the process's streams to servers", () => {
  expect(streamLimits.maxOfBrowsers).toBeLessThan(streamLimits.most);
});

test("a flood of checks with a browser key is refused after its budget, on every way to check, and the server's key is not", async () => {
  const { api, pub, check } = await start({ LATCHKEY_BROWSER_RATE_LIMIT: "40" });
  const web = await pub("acme");
  const flood = await Promise.all(Array.from({ length: 60 }, () => check(web)));
  expect(flood.filter(({ status }) => status === 200)).toHaveLength(30);
  const refused = flood.find(({ status }) => status === 429) as Response;
  expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  expect(await refused.json()).toMatchObject({ code: "rate_limited", "violated-policies": ["browser-key"] });
  const ways = [
    () => api.send("POST", "/api/entitlements", { checks: [{ tenant: "acme", feature: "sso" }] }, web),
    () => api.send("POST", "/ofrep/v1/evaluate/flags/sso", { context: { targetingKey: "acme" } }, web),
    () => api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, web),
    () => api.get("/api/stream?tenant=acme", web),
  ];
  for (const ask of ways) expect((await ask()).status).toBe(429);
  for (let i = 0; i < 60; i++) expect((await check(api.keys.check)).status).toBe(200);
  const served = await check(api.keys.check);
  expect(served.headers.get("ratelimit")).toBeNull();
  // They come back, and other tenants' browsers never lost them.
  expect((await check(await pub("other"), "other")).status).toBe(200);
  api.clock.now = now + minute;
  expect((await check(web)).status).toBe(200);
});

test("all browser keys and tokens of a tenant share its budget, of which one key leaves a part to the others", async () => {
  const { api, pub, token, check } = await start({ LATCHKEY_BROWSER_RATE_LIMIT: "8" });
  const [first, second, third] = [await pub("acme"), await pub("acme"), await token("acme")];
  const accepted = async (key: string, count: number) => {
    const statuses = [];
    for (let i = 0; i < count; i++) statuses.push((await check(key)).status);
    return statuses.filter((status) => status === 200).length;
  };
  // What is refused uses up nothing of the tenant's budget.
  expect(await accepted(first, 20)).toBe(6);
  expect(await accepted(second, 20)).toBe(2);
  const refused = await check(third);
  expect([refused.status, (await refused.json())["violated-policies"]]).toEqual([429, ["browser"]]);
  expect(names(refused.headers.get("ratelimit"))).toEqual(["browser-key", "browser"]);
  expect((await check(api.keys.check)).status).toBe(200);
  expect(await accepted(await token("other"), 0)).toBe(0);
  expect((await check(await token("other"), "other")).status).toBe(200);
});

test("the budgets of browsers are on unless they are switched off", async () => {
  const usual = await start();
  const answer = await usual.check(await usual.pub("acme"));
  expect(answer.headers.get("ratelimit-policy")).toBe('"browser-key";q=4500;w=60, "browser";q=6000;w=60');
  const off = await start({ LATCHKEY_BROWSER_RATE_LIMIT: "0" });
  expect((await off.check(await off.pub("acme"))).headers.get("ratelimit-policy")).toBeNull();
});
