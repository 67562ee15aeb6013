import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "@playwright/test";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "~/server/keys/api-keys.server";
import { chromiumFlags, installedChromiums } from "../../scripts/chromium.mjs";
import { type Api, ada } from "../support/api";
import { docBlock } from "../support/doc-blocks";
import { startOfrepWorld } from "../support/ofrep-world";

let api: Api;
let browser: Browser;
let app: Server;
let appOrigin: string;
let script: string;

beforeAll(async () => {
  api = await startOfrepWorld();
  script = await bundle();
  app = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : '<!doctype html><title>App</title><div id="app"></div><script type="module" src="/app.js"></script>');
  });
  await once(app.listen(0, "127.0.0.1"), "listening");
  appOrigin = `http://localhost:${(app.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: installedChromiums()[0], args: chromiumFlags });
});
afterAll(async () => {
  await browser?.close();
  app?.closeAllConnections();
  app?.close();
  await api.stop();
});

/** The page as an app's own build would make it, with React and OpenFeature's packages as they are published. */
async function bundle(entry = fileURLToPath(new URL("page.tsx", import.meta.url)), code?: string): Promise<string> {
  const written = { name: "written", enforce: "pre" as const, load: (id: string) => (id === entry ? (code ?? null) : null) };
  const made = await build({
    configFile: false,
    logLevel: "silent",
    plugins: [written],
    mode: "production",
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ["es"], fileName: "app" },
    },
    esbuild: { jsx: "automatic", jsxDev: false },
  });
  const [first] = [made].flat();
  if (!first || !("output" in first)) throw new Error("The page was not built.");
  return first.output[0].code;
}

async function open(key: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  page.on("pageerror", (error) => void errors.push(String(error)));
  page.setDefaultTimeout(10_000);
  await page.goto(`${appOrigin}/?${new URLSearchParams({ url: api.origin, key, tenant: "acme" })}`);
  return { page, errors };
}

const pubKey = async (...origins: string[]) =>
  (await createKey(api.services, ada, { name: "web", kind: "pub", scopes: ["check"], tenant: "acme", origins, expiresAt: null })).key;

test("a React page on another origin reads its tenant's features with a key for browsers, and follows a change without reloading", async () => {
  const { page, errors } = await open(await pubKey(appOrigin));
  await page.getByText("sso on (TARGETING_MATCH), 100 calls, warm").waitFor();
  await api.tenant("acme", { plan: null });
  await page.getByText("sso off (STATIC), 0 calls,").waitFor({ timeout: 5_000 });
  await api.tenant("acme", { plan: "basic" });
  await page.getByText("sso on (TARGETING_MATCH), 100 calls, warm").waitFor({ timeout: 5_000 });
  expect(errors).toEqual([]);
  await page.close();
});

test("it reads them with a token that its server minted, too", async () => {
  const server = await createKey(api.services, ada, { name: "server", scopes: ["check"], origins: [appOrigin], expiresAt: null });
  const minted = await api.send("POST", "/api/tenants/acme/token", {}, server.key);
  const { page, errors } = await open(((await minted.json()) as { token: string }).token);
  await page.getByText("sso on (TARGETING_MATCH), 100 calls, warm").waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test("a page on an origin that the key does not list reads nothing, though another key lists it", async () => {
  await pubKey(appOrigin);
  const { page, errors } = await open(await pubKey("https://elsewhere.example"));
  await page.getByText("sso off (ERROR), -1 calls, ?").waitFor();
  await expect.poll(() => errors.join()).toMatch(/CORS policy/);
  await page.close();
});

test("the React page of the documentation works as it is written", async () => {
  const key = await pubKey(appOrigin);
  const block = docBlock("React", "tsx").replace("https://latchkey.example.com", api.origin).replace("lk_pub_…", key);
  const start = 'createRoot(document.getElementById("app") as HTMLElement).render(<App />);';
  const before = script;
  script = await bundle(
    fileURLToPath(new URL("page.tsx", import.meta.url)),
    `import { createRoot } from "react-dom/client";\n${block}\n${start}`,
  );
  const { page, errors } = await open(key);
  script = before;
  await page.getByRole("link", { name: "Sign in with your company" }).waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

test("a page reads plain answers with fetch, their tags, and why it was refused", async () => {
  const key = await pubKey(appOrigin);
  const page = await browser.newPage();
  await page.goto(appOrigin.replace("/?", ""));
  const ask = (path: string) =>
    page.evaluate(
      async ([url, bearer]) => {
        const answer = await fetch(url as string, { headers: { authorization: `Bearer ${bearer}` } });
        return [answer.status, answer.headers.get("etag"), await answer.json()];
      },
      [api.origin + path, key],
    );
  expect(await ask("/api/entitlements?tenant=acme&feature=sso")).toEqual([
    200,
    expect.stringMatching(/^".{22}"$/),
    expect.objectContaining({ entitlements: { sso: expect.objectContaining({ entitled: true }) } }),
  ]);
  expect(await ask("/api/entitlements?tenant=bare")).toMatchObject([403, null, { code: "tenant_forbidden" }]);
  await page.close();
});
