import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { describedApi } from "./support/described-api";
import { remixBuild } from "./support/remix-build";

/** "Café" as Latin-1 has it. */
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

describe("for programs", () => {
  let api: Api;
  let key: string;
  beforeAll(async () => {
    api = await startApi();
    key = await api.keyFor("check", "usage", "manage");
    await api.tenant("acme", {});
  });
  afterAll(() => api.stop());

  const routes = async () => (await describedApi(api.routes)).routes.map((r) => ({ ...r, path: r.path.replace(/\{\w+\}/g, "acme") }));
  const send = (method: string, path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    fetch(api.origin + path, { method, body, headers: { authorization: `Bearer ${key}`, ...headers } });
  const problemOf = async (answer: Response) => {
    const { code, errorCode, field, detail, errorDetails } = await answer.json();
    return { status: answer.status, code: code ?? errorCode, field, detail: detail ?? errorDetails };
  };

  test("every route that takes a body refuses bytes that are not UTF-8 with their place, and other character sets", async () => {
    const withBody = (await routes()).filter(({ operation }) => operation.requestBody);
    expect(withBody.length).toBeGreaterThan(15);
    for (const { method, path, operation } of withBody) {
      const isOfrep = path.startsWith("/ofrep");
      for (const type of Object.keys(operation.requestBody?.content ?? {})) {
        const bytes = latin1('{"a":"Caf\u00e9"}');
        const place = { detail: expect.stringMatching(/not UTF-8 text: .* byte 9 /) };
        const invalid = await problemOf(await send(method, path, bytes, { "content-type": type }));
        // A CSV file is read line by line.
        const ofLine = { status: 422, code: "value_invalid", detail: expect.stringMatching(/^Line 1 is not UTF-8 text\./) };
        const ofBody = { status: 400, code: isOfrep ? "PARSE_ERROR" : "invalid_request", ...place };
        expect([path, invalid]).toMatchObject([path, type === "text/csv" ? ofLine : ofBody]);
        for (const headers of [{ "content-type": `${type}; charset=iso-8859-1` }, { "content-type": type, "content-encoding": "gzip" }]) {
          const other = await problemOf(await send(method, path, latin1("{}"), headers as Record<string, string>));
          expect([path, other]).toMatchObject([path, { status: 415, code: isOfrep ? "GENERAL" : "unsupported_media_type" }]);
        }
      }
    }
    expect((await api.get("/api/tenants?search=caf", key).then((r) => r.json())).items).toEqual([]);
  });

  test.each([
    "application/json;charset=utf-8",
    'application/json; charset="UTF8"',
    "application/json; charset=us-ascii",
    "application/json",
  ])("%s is read, with and without a byte order mark", async (type) => {
    for (const mark of ["", "\ufeff"]) {
      const answer = await send("PUT", "/api/tenants/paris", new TextEncoder().encode(`${mark}{"name":"Caf\u00e9"}`), {
        "content-type": type,
      });
      expect([answer.status, (await answer.json()).name]).toEqual([expect.any(Number), "Caf\u00e9"]);
    }
  });

  test("an address that is not UTF-8 is refused with its place, on every route", async () => {
    for (const { method, path } of await routes()) {
      const answer = await fetch(`${api.origin}${path}?search=Caf%E9`, { method, headers: { authorization: `Bearer ${key}` } });
      const where = `at character ${path.length + 11}`;
      expect([path, await problemOf(answer)]).toMatchObject([
        path,
        { status: 400, code: "invalid_request", field: "query", detail: expect.stringContaining(where) },
      ]);
    }
    expect(await problemOf(await api.get("/api/tenants/Caf%E9", key))).toMatchObject({
      status: 400,
      code: "invalid_request",
      field: "path",
    });
  });
});

describe("for people", () => {
  let app: TestApp;
  let owner: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    owner = await app.signIn("owner");
  });
  afterAll(() => app.close());

  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type = "application/x-www-form-urlencoded") =>
    fetch(app.url + path, {
      method: "POST",
      body,
      redirect: "manual",
      headers: { origin: app.url, "content-type": type, cookie: [...owner.cookies].map(([n, v]) => `${n}=${v}`).join("; ") },
    });

  /** Actions that read no form. */
  const readNothing = [
    // They only send the form on.
    "routes/_app.features.$feature",
    "routes/_app.plans.$plan",
    "routes/sign-out",
    "routes/_app.posthog.drift",
    "routes/_app.keys.$id.revoke",
    "routes/_app.tenants.$tenant.posthog",
  ];

  test("every form refuses fields that are not UTF-8, with their place, and other character sets", async () => {
    const { routes } = await remixBuild();
    const forms = Object.values(routes).filter((r) => r?.module.action && !readNothing.includes(r.id));
    const answers: unknown[] = [];
    for (const form of forms) {
      const parts: string[] = [];
      for (let route: typeof form | undefined = form; route; route = routes[route.parentId ?? ""])
        if (route.path) parts.unshift(route.path);
      const path = `/${parts.join("/")}`.replace(/:\w+\??/g, "acme");
      const target = form?.index ? `${path}?index` : path;
      for (const body of ["name=Caf%E9", latin1("name=Caf\u00e9")]) {
        const answer = await post(target, body);
        // What names nothing is answered before its form is read.
        if (answer.status !== 404) answers.push([form?.id, answer.status, (await answer.text()).includes("not UTF-8 text at byte 8")]);
      }
      const other = await post(target, "name=a", "application/x-www-form-urlencoded; charset=iso-8859-1");
      if (other.status !== 404) answers.push([form?.id, other.status, true]);
    }
    const bad = answers.filter((a) => ![400, 415].includes((a as unknown[])[1] as number) || (a as unknown[])[2] !== true);
    expect(bad).toEqual([]);
    expect(answers.length).toBeGreaterThan(30);
  });

  test("the import refuses pasted text and names the line of a file that is not UTF-8", async () => {
    const part = (head: string, text: string) => latin1(`--x\r\ncontent-disposition: form-data; ${head}\r\n\r\n${text}\r\n--x--\r\n`);
    const sent = (head: string, text: string) => post("/import/preview", part(head, text), "multipart/form-data; boundary=x");
    expect((await sent('name="text"', "latchkey: 1\nfeatures: { caf\u00e9: {} }")).status).toBe(400);
    const file = await sent('name="file"; filename="a.yaml"', "latchkey: 1\nfeatures: { caf\u00e9: {} }");
    expect(await file.text()).toContain("a.yaml is not UTF-8 text at line 2, byte 16");
  });

  test("an address that is not UTF-8 is refused with its place", async () => {
    const answer = await owner.get("/tenants?q=Caf%E9");
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("at character 14")]);
  });
});
