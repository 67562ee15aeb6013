import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { assetsHost, relayTarget } from "~/server/http/posthog-relay.server";
import { startTestApp, type TestAppOptions } from "../support/app";
import { startPosthogApp } from "../support/posthog";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});
const inBrowser = (more: Record<string, string> = {}): TestAppOptions => ({ env: { POSTHOG_JS_ENABLED: "true", ...more } });
async function start(options: TestAppOptions = inBrowser()) {
  const app = await startPosthogApp(options);
  open.push(app);
  return app;
}

type Seen = { method?: string; url?: string; headers: IncomingHttpHeaders; body: Buffer };
/** A PostHog stand-in that records requests and answers as configured. */
async function startHost(answer: { status: number; headers?: Record<string, string>; body: string | Buffer } | "silence") {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    if (answer !== "silence") response.writeHead(answer.status, answer.headers).end(answer.body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  const { port } = server.address() as AddressInfo;
  const app = await startTestApp({
    env: { POSTHOG_PROJECT_API_KEY: "phc_test", POSTHOG_HOST: `http://127.0.0.1:${port}`, POSTHOG_JS_ENABLED: "true" },
  });
  open.unshift(app);
  return { app, seen };
}

describe("the relay", () => {
  test("brings events and the project's settings through, byte for byte", async () => {
    const app = await start();
    const event = {
      api_key: app.fake.state.projectKey,
      event: "$pageview",
      distinct_id: "adm_1",
      properties: { token: app.fake.state.projectKey },
    };
    const sent = await fetch(`${app.url}/relay/i/v0/e/?ip=0&_=1&ver=1.434.18&compression=gzip-js`, {
      method: "POST",
      headers: { "content-type": "text/plain", origin: app.url },
      body: gzipSync(JSON.stringify(event)),
    });
    expect([sent.status, await sent.json()]).toEqual([200, { status: "Ok" }]);
    expect((await app.captured("$pageview"))[0]?.distinct_id).toBe("adm_1");
    const config = await fetch(`${app.url}/relay/array/${app.fake.state.projectKey}/config?v=1`);
    expect(await config.json()).toMatchObject({ sessionRecording: { endpoint: "/s/" } });
  });

  test("strips cookies, keys and addresses on the way there, and cookies on the way back", async () => {
    const { app, seen } = await startHost({
      status: 200,
      headers: { "set-cookie": "theirs=1", "content-type": "application/json", "x-theirs": "1", location: "https://evil.example" },
      body: "{}",
    });
    const answer = await fetch(`${app.url}/relay/e/?ip=1&secret=s`, {
      method: "POST",
      headers: {
        cookie: "sid=secret; visitor=v",
        authorization: "Bearer secret",
        "x-forwarded-for": "203.0.113.7",
        "x-api-key": "secret",
        referer: `${app.url}/invite/secret`,
        origin: app.url,
        "content-type": "text/plain",
      },
      body: "data",
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([]);
    for (const name of ["x-theirs", "location"]) expect(answer.headers.get(name)).toBeNull();
    const [there] = seen;
    expect([there?.method, there?.url, String(there?.body)]).toEqual(["POST", "/e/?ip=1", "data"]);
    expect(JSON.stringify(there?.headers)).not.toMatch(/secret|203\.0\.113\.7|visitor/);
    for (const name of ["cookie", "authorization", "x-forwarded-for", "referer"]) expect(there?.headers[name]).toBeUndefined();
  });

  test("passes on what posthog-js needs and nothing else, to this project only", async () => {
    const app = await start();
    const { projectKey } = app.fake.state;
    const ask = async (method: string, path: string) =>
      (await fetch(app.url + path, { method, headers: { origin: app.url }, ...(method === "POST" && { body: "x" }) })).status;
    for (const path of ["/relay/flags/?v=2", "/relay/batch/", "/relay/api/projects/1/groups/", "/relay/", "/relay/e/x", "/relay/e"])
      expect(await ask("POST", path)).toBe(404);
    for (const path of ["/relay/array/phc_other/config", "/relay/static/recorder.js", `/relay/array/${projectKey}/config.js`, "/relay/e/"])
      expect(await ask("GET", path)).toBe(404);
    expect(app.fake.state.requests).toEqual({});
    const to = (path: string) => relayTarget("POST", path, { host: "https://eu.i.posthog.com", projectKey: "phc_x" });
    for (const path of ["/relay/e/../api/", "/relay//evil.example/e/", "/relay/%2e%2e/api", "/relay/e/%2f..", "/relay@evil.example/e/"])
      expect(to(path)).toBeNull();
    expect(relayTarget("GET", "/relay/array/phc_x/config", { host: "https://eu.i.posthog.com", projectKey: "phc_x" })).toBe(
      "https://eu-assets.i.posthog.com/array/phc_x/config",
    );
    expect(assetsHost("https://posthog.example.com")).toBe("https://posthog.example.com");
  });

  test("refuses what comes from another site, and bodies over 4 MB", async () => {
    const app = await start();
    const post = (headers: Record<string, string>, body: string) => fetch(`${app.url}/relay/e/`, { method: "POST", headers, body });
    expect((await post({ origin: "https://evil.example" }, "x")).status).toBe(403);
    expect((await post({ origin: app.url }, "x".repeat(4 * 1024 * 1024 + 1))).status).toBe(413);
    expect(app.fake.state.requests).toEqual({});
  });

  test("answers 502 when PostHog is away, redirects or says too much, and the pages go on", async () => {
    const post = (url: string) => fetch(`${url}/relay/e/`, { method: "POST", headers: { origin: url }, body: "x" });
    const away = await start();
    away.fake.state.mode.default = "refuse";
    await away.fake.ready();
    expect((await post(away.url)).status).toBe(502);
    expect((await away.browser().get("/sign-in")).status).toBe(200);
    const redirecting = await startHost({ status: 302, headers: { location: "https://evil.example/" }, body: "" });
    expect((await post(redirecting.app.url)).status).toBe(502);
    const long = await startHost({ status: 200, body: Buffer.alloc(1024 * 1024 + 1) });
    expect((await post(long.app.url)).status).toBe(502);
    const refusing = await startHost({ status: 401, body: "no" });
    expect((await post(refusing.app.url)).status).toBe(401);
    away.fake.state.mode.default = "ok";
    await away.fake.ready();
  });

  test("lets 50 through at a time", async () => {
    const { app, seen } = await startHost("silence");
    const gone = new AbortController();
    const post = () => fetch(`${app.url}/relay/e/`, { method: "POST", headers: { origin: app.url }, body: "x", signal: gone.signal });
    const waiting = Array.from({ length: 50 }, () => post().catch(() => null));
    await expect.poll(() => seen.length).toBe(50);
    expect((await post()).status).toBe(503);
    gone.abort();
    await Promise.all(waiting);
  });

  test("is not there without a key, or when the browser is to have nothing to do with PostHog", async () => {
    const off = await startTestApp();
    const serverOnly = await startPosthogApp();
    open.push(off, serverOnly);
    for (const { url } of [off, serverOnly]) {
      const answer = await fetch(`${url}/relay/e/`, { method: "POST", headers: { origin: url, "content-type": "text/plain" }, body: "x" });
      expect([404, 405]).toContain(answer.status);
    }
    expect(serverOnly.fake.state.requests).toEqual({});
  });
});

describe("a page", () => {
  const settingsOf = async (app: { url: string }, cookies: Map<string, string>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`${app.url}/sign-in.data?_routes=root`, { headers: { cookie } });
    return await response.text();
  };

  test("hands posthog-js the visitor's id before the sign-in, the admin after it, and no secret", async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get("/sign-in");
    const before = await settingsOf(app, browser.cookies);
    expect(before).toContain(browser.cookies.get("visitor"));
    expect(before).toContain(app.fake.state.projectKey);
    const owner = await app.signIn("owner");
    const after = await settingsOf(app, owner.cookies);
    expect(after).toContain("adm_owner@example.com");
    expect(after).not.toContain(owner.cookies.get("sid"));
    expect(after).not.toContain("phx_");
  });

  test("says nothing of PostHog when the browser is to have nothing to do with it", async () => {
    const app = await start({});
    const owner = await app.signIn("owner");
    expect(await settingsOf(app, owner.cookies)).not.toContain(app.fake.state.projectKey);
    expect(await (await owner.get("/account")).text()).not.toContain("Session replay");
  });

  test("keeps its content security policy: scripts and connections are our own", async () => {
    const app = await start(inBrowser({ POSTHOG_SESSION_REPLAY: "true" }));
    const policy = (await app.browser().get("/sign-in")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/posthog|127\.0\.0\.1|https?:/);
  });
});

describe("session replay", () => {
  test("is offered where it is allowed, is off until an admin says yes for themselves, and off again after a no", async () => {
    const app = await start(inBrowser({ POSTHOG_SESSION_REPLAY: "true" }));
    const [owner, other] = [await app.signIn("owner"), await app.signIn("viewer", "adm_other")];
    const isRecorded = async ({ cookies }: typeof owner) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const text = await (await fetch(`${app.url}/account.data?_routes=root`, { headers: { cookie } })).text();
      const values = JSON.parse(text.split("\n")[0] as string) as unknown[];
      const at = values.indexOf("replay");
      return values[at + 1];
    };
    expect(await (await owner.get("/account")).text()).toContain("Record my visits");
    expect(await isRecorded(owner)).toBe(false);
    expect((await owner.post("/account", { intent: "allow-replay" })).status).toBe(302);
    expect([await isRecorded(owner), await isRecorded(other)]).toEqual([true, false]);
    expect(await (await owner.get("/account")).text()).toContain("Stop recording my visits");
    await owner.post("/account", { intent: "stop-replay" });
    expect(await isRecorded(owner)).toBe(false);
  });

  test("is not offered, and a yes from before does not count, where it is not allowed", async () => {
    const app = await start();
    const owner = await app.signIn("owner");
    const refused = await owner.post("/account", { intent: "allow-replay" });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("No visits are recorded here.");
    expect((await owner.post("/account", { intent: "stop-replay" })).status).toBe(302);
    expect(await (await owner.get("/account")).text()).not.toContain("Session replay");
  });
});
