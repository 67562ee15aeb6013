import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxFormBytes } from "~/server/http/form-limits.server";
import { startTestApp, type TestApp } from "./support/app";

let app: TestApp;
let key: string;
beforeAll(async () => {
  app = await startTestApp();
  key = await app.apiKey("check", "manage");
});
afterAll(() => app.close());

const api = (path: string, init: RequestInit = {}) =>
  fetch(app.url + path, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });

/** The whole answer to bytes that no fetch would send. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(text));
  });
}

describe("requests that a connection sends ahead of the answers", () => {
  const path = "/api/entitlements?tenant=acme";
  const one = (more = "") => `GET ${path} HTTP/1.1\r\nHost: ${new URL(app.url).host}\r\nAuthorization: Bearer ${key}\r\n${more}\r\n`;
  const answersTo = async (count: number) => {
    const text = await raw(one().repeat(count - 1) + one("Connection: close\r\n")).catch(String);
    return text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
  };

  test("are all answered, if they are few", async () => {
    expect(await answersTo(30)).toBe(30);
  });

  test("are all answered, however many come one after another, if only two are outstanding", async () => {
    const { hostname, port } = new URL(app.url);
    const socket = net.connect(Number(port), hostname);
    socket.write(one().repeat(2));
    let answered = 0;
    let rest = "";
    for await (const chunk of socket.setEncoding("utf8")) {
      rest += chunk;
      for (let at = rest.indexOf("HTTP/1.1 200"); at !== -1; at = rest.indexOf("HTTP/1.1 200")) {
        rest = rest.slice(at + 12);
        answered += 1;
        if (answered <= 98) socket.write(one());
      }
      if (answered === 100) break;
    }
    socket.destroy();
    expect(answered).toBe(100);
  });

  test("end the connection, if they are many, and nobody else notices", async () => {
    expect(await answersTo(2_000)).toBeLessThan(100);
    expect((await api(path)).status).toBe(200);
  });
});

describe("what a program gets wrong", () => {
  const put = (body: string, type = "application/json") =>
    api("/api/tenants/acme", { method: "PUT", body, headers: { "content-type": type } });

  test.each([
    ["JSON that is none", () => put("{"), 400, "invalid_json"],
    ["no body where there has to be one", () => put(""), 400, "invalid_request"],
    ["another type of body", () => put("a=b", "text/csv"), 415, "unsupported_media_type"],
    ["a body over 1 MB", () => put(JSON.stringify("x".repeat(1024 * 1024))), 413, "body_too_large"],
    ["an address that is nobody's", () => api("/api/nothing"), 404, "not_found"],
    ["an address that is nobody's, with a body of any kind", () => api("/api/nothing", { method: "POST", body: "x" }), 404, "not_found"],
    [
      "a part of the address that is far too long",
      () => api(`/api/tenants/${"x".repeat(2_501)}`, { method: "PUT" }),
      414,
      "address_too_long",
    ],
    ["an address that cannot be decoded", () => api("/api/tenants/%zz", { method: "PUT" }), 400, "bad_request"],
    ["a method that the address does not answer", () => api("/api/entitlements", { method: "DELETE" }), 405, "method_not_allowed"],
    ["a health check by POST", () => api("/healthz", { method: "POST" }), 405, "method_not_allowed"],
  ])("%s is a problem document with its status, a code and a sentence", async (_name, ask, status, code) => {
    const response = await ask();
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    const problem = await response.json();
    expect(problem).toMatchObject({ type: "about:blank", status, code, detail: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(problem.requestId).toMatch(/^\w+-\d+$/);
    expect(JSON.stringify(problem)).not.toMatch(/FST_|node_modules/);
  });

  test("a request that says JSON and has no body is one without a body", async () => {
    const response = await api("/api/plans/nothing/archive", { method: "POST", body: "", headers: { "content-type": "application/json" } });
    expect([response.status, (await response.json()).code]).toEqual([404, "plan_not_found"]);
  });

  test("a wrong method is told which ones would do", async () => {
    expect((await api("/api/entitlements", { method: "DELETE" })).headers.get("allow")?.split(", ").sort()).toEqual([
      "GET",
      "HEAD",
      "OPTIONS",
      "POST",
    ]);
    expect((await api("/api/usage", { method: "GET" })).headers.get("allow")).toBe("POST");
  });

  test.each(["PROPFIND", "LINK", "TRACE"])(
    "%s, which no address answers, is told which methods would do, or that there is nothing",
    async (method) => {
      const ask = (path: string) => raw(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      for (const [path, allow] of [
        ["/api/tenants/a%2Fb?x=1", "GET, HEAD, PUT"],
        ["/api/tenants/acme/token", "POST"],
        ["/api/usage", "POST"],
        ["/ofrep/v1/evaluate/flags/a/b", "POST, OPTIONS"],
        ["/healthz", "GET, HEAD"],
      ]) {
        const answer = await ask(path as string);
        expect([path, answer.split("\r\n")[0], /^allow: (.*)$/im.exec(answer)?.[1]]).toEqual([
          path,
          "HTTP/1.1 405 Method Not Allowed",
          allow,
        ]);
        expect(answer).toContain('"code":"method_not_allowed"');
      }
      for (const path of ["/api/nothing", "/api/tenants/acme/nothing", "/ofrep/v2"]) {
        const answer = await ask(path);
        expect([path, answer.split("\r\n")[0]]).toEqual([path, "HTTP/1.1 404 Not Found"]);
        expect(answer).toContain('"code":"not_found"');
      }
    },
  );

  test("headers of more than 16 kB are refused with 431 before anything is read", async () => {
    const answer = await raw(`GET /api/entitlements?tenant=${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"headers_too_large"');
  });

  test("bytes that are no HTTP are refused with 400", async () => {
    expect(await raw("hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json/);
  });
});

test("HEAD answers as GET does, without the body", async () => {
  for (const path of ["/healthz", "/sign-in"]) {
    const [head, get] = await Promise.all([fetch(app.url + path, { method: "HEAD" }), fetch(app.url + path)]);
    expect([head.status, await head.text()]).toEqual([get.status, ""]);
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    await get.text();
  }
});

test("a page that cannot be found or read is a page, in words and without a trace", async () => {
  const missing = await app.browser().get("/nowhere");
  expect(missing.status).toBe(404);
  expect(await missing.text()).toContain("There is nothing here");
  const unreadable = await app.browser().get("/tenants/%zz");
  expect(unreadable.status).toBe(400);
  expect(unreadable.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await unreadable.text()).toContain("This address cannot be read.");
  expect(await raw("GET http://evil.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  expect(await raw("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 405 /);
});

test("a form larger than the largest, or one that does not say how long it is, is refused before it is read", async () => {
  const origin = `Origin: ${app.url}\r\n`;
  const host = `Host: ${new URL(app.url).host}\r\nConnection: close\r\n`;
  expect(await raw(`POST /sign-in HTTP/1.1\r\n${host}${origin}Content-Length: ${maxFormBytes + 1}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  expect(await raw(`POST /sign-in HTTP/1.1\r\n${host}${origin}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 411 /);
});

describe("a request that no page of ours sends is refused with 4xx, and the log holds no stack of it:", () => {
  const pages = ["/", "/sign-in", "/setup/x", "/tenants", "/tenants/x", "/keys/new", "/export", "/theme", "/nowhere"];
  const quiet = async (work: () => Promise<void>) => {
    const before = app.log().length;
    await work();
    expect(app.log().slice(before)).not.toMatch(/"level":[56]0|"stack"/);
  };

  test.each(["_data=routes/_app", "_data=made-up", "_data=", "_data=root&_data=root", "index&index", `${"a&".repeat(300)}`])(
    "?%.40s",
    async (query) => {
      const owner = await app.signIn("owner", `adm_${Buffer.from(query).toString("hex").slice(0, 20)}`);
      await quiet(async () => {
        for (const page of pages) {
          for (const send of [() => owner.get(`${page}?${query}`), () => owner.post(`${page}?${query}`)]) {
            const { status } = await send();
            expect([page, query, Math.floor(status / 100)]).toEqual([page, query, 4]);
          }
        }
      });
    },
  );

  test.each(["PUT", "PATCH", "DELETE", "OPTIONS"])("%s", async (method) => {
    await quiet(async () => {
      for (const page of pages) {
        const response = await fetch(app.url + page, { method, headers: { origin: app.url } });
        expect([page, response.status, response.headers.get("allow")]).toEqual([page, 405, "GET, HEAD, POST"]);
      }
    });
  });

  test("a form of the wrong kind, a page without forms, and data of routes that do not exist", async () => {
    const owner = await app.signIn("owner", "adm_quiet");
    await quiet(async () => {
      const json = await fetch(`${app.url}/theme`, {
        method: "POST",
        body: "{",
        headers: { origin: app.url, "content-type": "application/json" },
      });
      expect(json.status).toBe(400);
      for (const path of ["/tenants", "/activity", "/nowhere", "/tenants.data"])
        expect([path, Math.floor((await owner.post(path)).status / 100)]).toEqual([path, 4]);
      for (const path of ["/tenants.data?_routes=made-up", "/nowhere.data", "/tenants.data?_routes=", "/_root.data"])
        expect([path, (await owner.get(path)).status < 500]).toEqual([path, true]);
    });
  });
});

describe("a Host that is no host is refused with 400 and never moves the path:", () => {
  const ask = (path: string, host: string) => raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  test.each(["x/admins?", "x/y", "user@x", "x:y", "x y", "x#", "[::1", "x".repeat(300), "x:123456"])("%.40s", async (host) => {
    for (const path of ["/sign-in", "/tenants", "/api/entitlements?tenant=acme", "/docs/api"])
      expect(await ask(path, host)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(["localhost", "localhost:3000", "latchkey.example.com", "my_host", "10.0.0.1:80", "[::1]:3000", "xn--bcher-kva.example"])(
    "not so %s",
    async (host) => {
      expect(await ask("/healthz", host)).toMatch(/^HTTP\/1\.1 200 /);
      expect(await ask("/sign-in", host)).toMatch(/^HTTP\/1\.1 200 /);
    },
  );
});

test("every answer, a refusal too, forbids guessing its type and the devices of the browser, and on https leaving it", async () => {
  const behind = await startTestApp({ env: { PUBLIC_URL: "https://latchkey.example.com" } });
  const token = await behind.apiKey("check");
  const headers = { authorization: `Bearer ${token}` };
  for (const path of [
    "/sign-in",
    "/nowhere",
    "/tenants/%zz",
    "/healthz",
    "/docs/api",
    "/docs/api/page.css",
    "/api/openapi.json",
    "/api/nothing",
    "/api/tenants/x",
    "/api/entitlements?tenant=a",
    "/api/entitlements?tenant=a",
  ]) {
    const answer = await fetch(behind.url + path, { headers });
    expect([path, answer.headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect([path, answer.headers.get("permissions-policy")]).toEqual([path, expect.stringContaining("camera=()")]);
    expect([path, answer.headers.get("strict-transport-security")]).toEqual([path, "max-age=31536000; includeSubDomains"]);
  }
  await behind.close();
});

test("behind https every cookie is for https alone", async () => {
  const behind = await startTestApp({ env: { PUBLIC_URL: "https://latchkey.example.com" } });
  const answer = await behind.browser().post("/theme", { theme: "dark" }, { origin: "https://latchkey.example.com" });
  expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^theme=dark;.*; Secure$/)]);
  await behind.close();
});

describe("headers of every page", () => {
  const pages = ["/sign-in", "/nowhere", "/tenants", "/setup/x"];

  test.each(pages)("%s is framed by nobody, cached by nobody and runs only scripts with this answer's nonce", async (page) => {
    const response = await app.browser().get(page);
    const csp = response.headers.get("content-security-policy") ?? "";
    const nonce = /script-src 'nonce-([^']+)' 'strict-dynamic';/.exec(csp)?.[1];
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    for (const part of ["default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
      expect(csp).toContain(part);
    }
    expect(csp).not.toMatch(/script-src[^;]*unsafe|upgrade-insecure-requests/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("same-origin");
    expect(response.headers.get("strict-transport-security")).toBeNull();
    for (const [, attributes = ""] of (await response.text()).matchAll(/<script([^>]*)>/g))
      expect(attributes).toContain(`nonce="${nonce}"`);
  });

  test("no two answers share a nonce", async () => {
    const [a, b] = await Promise.all([app.browser().get("/sign-in"), app.browser().get("/sign-in")]);
    expect(a.headers.get("content-security-policy")).not.toBe(b.headers.get("content-security-policy"));
  });

  test("behind an https PUBLIC_URL browsers are told to stay on https, and only there", async () => {
    const behind = await startTestApp({ env: { PUBLIC_URL: "https://latchkey.example.com" } });
    const { headers } = await behind.browser().get("/sign-in");
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    await behind.close();
    const lan = await startTestApp({ env: { PUBLIC_URL: "http://latchkey.lan:3000" } });
    const plain = await lan.browser().get("/sign-in");
    expect(plain.headers.get("strict-transport-security")).toBeNull();
    expect(plain.headers.get("cross-origin-opener-policy")).toBeNull();
    await lan.close();
  });
});

test("a process that stops is not ready any more, answers what it began to read, and takes no new connections", async () => {
  const other = await startTestApp();
  const { hostname, port } = new URL(other.url);
  const socket = net.connect(Number(port), hostname);
  const answered = new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => resolve(text));
  });
  // Begun, and known to have arrived: an answer to the first line of two comes back.
  socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  const closed = other.close();
  socket.write("Host: a\r\n\r\n");
  const text = await answered;
  expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 503 [\s\S]*connection: close/i);
  expect(text).toContain('"code":"stopping"');
  await closed;
  await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
});
