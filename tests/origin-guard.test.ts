import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listAudit } from "~db/store/audit.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { remixBuild } from "./support/remix-build";

const build = await remixBuild();

/** Every route that changes something, as an address with a value in each gap. */
const actions = Object.values(build.routes)
  .filter(({ module }) => "action" in module)
  .map(({ id }) => {
    const parts: string[] = [];
    for (let route = build.routes[id]; route; route = build.routes[route.parentId ?? ""]) if (route.path) parts.unshift(route.path);
    return { id, path: `/${parts.join("/")}`.replace(/:\w+\??/g, "x").replace("*", "x") };
  });

/** The ways that Remix takes a POST, of which its own check sees two. */
const ways = actions.flatMap(({ id, path }) => [
  [`${path} as a page`, path],
  [`${path} as ?_data=`, `${path}?_data=${encodeURIComponent(id)}`],
  [`${path} as .data`, `${path}.data`],
]) as [string, string][];

const refusal = "This form was sent from another place";

let app: TestApp;
let owner: Browser;
beforeAll(async () => {
  app = await startTestApp();
  owner = await app.signIn("owner");
});
afterAll(() => app.close());

/** A POST as signed-in owner with exactly these headers. */
function post(target: string, headers: Record<string, string>, base = app.url): Promise<{ status: number; text: string }> {
  const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const type = "application/x-www-form-urlencoded";
  return new Promise((resolve, reject) => {
    const asked = http.request(base + target, {
      method: "POST",
      headers: { cookie, "content-type": type, "content-length": 0, ...headers },
    });
    asked.on("error", reject).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.end();
  });
}

const foreign: [string, Record<string, string>][] = [
  ["another site", { origin: "https://evil.example" }],
  ["another site that claims to be the proxy", { origin: "https://evil.example", "x-forwarded-host": "evil.example" }],
  ["another port of this host", { origin: "http://127.0.0.1:1" }],
  ["an origin that the browser hides", { origin: "null" }],
  ["nowhere at all", {}],
  ["another site, by the browser's word", { "sec-fetch-site": "cross-site" }],
  ["a neighbouring name, by the browser's word", { "sec-fetch-site": "same-site" }],
  ["the address bar, by the browser's word", { "sec-fetch-site": "none" }],
];

test("there are action routes to try", () => {
  expect(actions.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["/sign-in", "/sign-out", "/keys/new", "/people/invite", "/theme"]),
  );
});

describe("a form sent from another place is refused and changes nothing:", () => {
  test.each(ways)("%s", async (_name, target) => {
    const { db } = app.services;
    const before = await listAudit(db.read, db.tables, {}, { size: 100 });
    for (const [, headers] of foreign) {
      const { status, text } = await post(target, headers);
      expect([status, text.includes(refusal)]).toEqual([403, true]);
    }
    expect((await owner.get("/account")).status).toBe(200);
    expect(await listAudit(db.read, db.tables, {}, { size: 100 })).toEqual(before);
  });

  test.each(foreign)("from %s, even where the browser's word and the origin disagree", async (_name, headers) => {
    if (headers["sec-fetch-site"]) {
      expect((await post("/sign-out", { ...headers, origin: app.url })).status).toBe(403);
    }
  });
});

describe("a form sent from here arrives:", () => {
  test.each([
    ["by its origin, as on plain HTTP in a LAN", () => ({ origin: app.url })],
    ["by the browser's word", () => ({ "sec-fetch-site": "same-origin" })],
    [
      "by the browser's word, behind a proxy that names the program otherwise",
      () => ({ "sec-fetch-site": "same-origin", origin: "https://a.example" }),
    ],
    ["with a forwarded host that nobody is asked to believe", () => ({ origin: app.url, "x-forwarded-host": "evil.example" })],
  ])("%s", async (_name, headers) => {
    for (const target of ["/theme", "/theme.data"]) {
      const { status, text } = await post(target, headers());
      expect([status, text]).not.toEqual([403, expect.anything()]);
      expect(status).toBeLessThan(400);
    }
  });
});

test("with PUBLIC_URL only that origin is ours, whatever Host says", async () => {
  const behind = await startTestApp({ env: { PUBLIC_URL: "https://latchkey.example.com" } });
  const status = async (headers: Record<string, string>) => (await post("/theme", headers, behind.url)).status;
  expect(await status({ origin: "https://latchkey.example.com" })).toBe(302);
  expect(await status({ origin: behind.url })).toBe(403);
  expect(await status({ origin: "http://latchkey.example.com" })).toBe(403);
  expect(await status({ origin: "https://latchkey.example.com.evil.example" })).toBe(403);
  expect(await status({ origin: "https://evil.example", host: "evil.example" })).toBe(403);
  await behind.close();
});

test("a proxy's word for the host counts only with TRUST_PROXY", async () => {
  const headers = { origin: "https://latchkey.example.com", "x-forwarded-host": "latchkey.example.com", "x-forwarded-proto": "https" };
  expect((await post("/theme", headers)).status).toBe(403);
  const behind = await startTestApp({ env: { TRUST_PROXY: "127.0.0.1" } });
  expect((await post("/theme", headers, behind.url)).status).toBe(302);
  await behind.close();
  const elsewhere = await startTestApp({ env: { TRUST_PROXY: "10.0.0.0/8" } });
  expect((await post("/theme", headers, elsewhere.url)).status).toBe(403);
  await elsewhere.close();
});

test("programs' routes never take a session for a key", async () => {
  const answer = await owner.get("/api/entitlements?tenant=acme", { origin: app.url });
  expect(answer.status).toBe(401);
  const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const headers = { cookie, origin: app.url, "content-type": "application/json" };
  const change = await fetch(`${app.url}/api/grants/gr_1/end`, { method: "POST", body: "{}", headers });
  expect(change.status).toBe(401);
});
