import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formLimits } from "~/server/http/form-limits.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { remixBuild } from "./support/remix-build";

const build = await remixBuild();
const withAction = Object.values(build.routes).filter(({ module }) => "action" in module);

function pathOf(id: string): string {
  const parts: string[] = [];
  for (let route = build.routes[id]; route; route = build.routes[route.parentId ?? ""]) if (route.path) parts.unshift(route.path);
  return `/${parts.join("/")}`.replace(/:\w+\??/g, "x").replace("*", "x");
}
const isIndex = (id: string) => build.routes[id]?.index === true;

let app: TestApp;
let owner: Browser;
beforeAll(async () => {
  app = await startTestApp();
  owner = await app.signIn("owner");
});
afterAll(() => app.close());

const form = "application/x-www-form-urlencoded";
/** Sends a body as a browser would; `length` announces more than is sent. */
function post(path: string, body: string | Buffer, { as, type = form, length }: { as?: Browser; type?: string; length?: number } = {}) {
  const cookie = [...(as?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
  const headers = {
    origin: app.url,
    accept: "text/html",
    "content-type": type,
    "content-length": length ?? Buffer.byteLength(body),
    cookie,
  };
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = http.request(app.url + path, { method: "POST", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        asked.destroy();
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    asked.on("error", reject);
    asked.write(body);
    if (length === undefined) asked.end();
  });
}

test("every form has its limits in the table, and the table names no other", () => {
  expect(Object.keys(formLimits).sort()).toEqual(withAction.map(({ id }) => id).sort());
});

const open = ["routes/sign-in", "routes/sign-in_.code", "routes/setup.$token", "routes/invite.$token", "routes/theme"];
test("a form of people who are not signed in takes at most 16 kB", () => {
  expect(open.map((id) => formLimits[id]?.maxBytes)).toEqual(open.map(() => 16 * 1024));
});

/** Actions that read no form. */
const reads = withAction
  .map(({ id }) => id)
  .filter(
    (id) =>
      !["routes/sign-out", "routes/_app.posthog.drift", "routes/_app.keys.$id.revoke", "routes/_app.tenants.$tenant.posthog"].includes(id),
  );

describe("a body beyond the limit of its form is refused, with a page that says so and nothing changed:", () => {
  test.each(open)("%s", async (id) => {
    const { maxBytes, maxFields } = formLimits[id] as { maxBytes: number; maxFields: number };
    const path = id === "routes/setup.$token" ? "/setup/x" : pathOf(id);
    for (const target of [path, `${path}.data`]) {
      const large = await post(target, "", { length: maxBytes + 1 });
      expect([target, large.status]).toEqual([target, 413]);
      const many = await post(target, "a&".repeat(maxFields));
      expect([target, many.status]).toEqual([target, 400]);
      expect(many.text).toContain(`up to ${maxFields} fields`);
    }
  });

  test("8 MB of a&a&…, sent whole, is answered 413", async () => {
    for (const path of ["/sign-in", "/setup/x", "/invite/x", "/theme"])
      expect([path, (await post(path, Buffer.from("a&".repeat(4_000_000)))).status]).toEqual([path, 413]);
  });

  test("a form of another type of body is refused", async () => {
    const part = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n';
    const type = "multipart/form-data; boundary=x";
    expect((await post("/sign-in", `${part.repeat(100)}--x--\r\n`, { type })).status).toBe(400);
    expect((await post("/theme", "{}", { type: "application/json" })).status).toBe(400);
  });
});

test("what is sent to an admin's page by somebody who is not signed in is never read", async () => {
  for (const id of reads.filter((id) => !open.includes(id))) {
    const path = `${pathOf(id)}${isIndex(id) ? "?index" : ""}`;
    // A large body is announced and never sent.
    const { status } = await post(path, "", { length: 1_000 });
    expect([path, status]).toEqual([path, 302]);
  }
});

describe("the import takes megabytes, as parts that are counted:", () => {
  const multipart = (parts: string) => post("/import/preview", `${parts}--x--\r\n`, { as: owner, type: "multipart/form-data; boundary=x" });
  const part = (name: string, body: string, more = "") => `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${body}\r\n`;

  test("a file and a pasted text are read", async () => {
    const catalogue = "latchkey: 1\nfeatures: { sso: {} }\nplans: {}\n";
    const chosen = await multipart(part("file", catalogue, '; filename="a.yaml"') + part("text", ""));
    expect([chosen.status, chosen.text.includes("a.yaml")]).toEqual([200, true]);
    expect((await multipart(part("file", "", '; filename=""') + part("text", catalogue))).status).toBe(200);
    expect((await multipart(part("text", `#${"x".repeat(3_000_000)}\n${catalogue}`))).status).toBe(200);
  });

  test("more parts than the page sends, headers without end and a body that breaks off are refused", async () => {
    expect((await multipart(part("a", "b").repeat(9))).status).toBe(400);
    expect((await multipart(part("a", "b").repeat(100_000))).status).toBe(400);
    expect((await multipart(`--x\r\n${"a: b\r\n".repeat(100_000)}\r\n\r\n`)).status).toBe(422);
    expect((await post("/import/preview", "--x\r\n", { as: owner, type: "multipart/form-data; boundary=x" })).status).toBe(400);
    expect((await post("/import/preview", "x", { as: owner, type: "text/plain" })).status).toBe(400);
  });
});
