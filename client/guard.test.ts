import type { IncomingMessage } from "node:http";
import Fastify from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Api, startApi } from "../tests/support/api";
import { feature, plan } from "../tests/support/facts";
import { serveMiddleware } from "../tests/support/middleware-server";
import { createLatchkey, type Latchkey } from "./index.js";

let api: Api;
let latchkey: Latchkey;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  api = await startApi();
  await api.catalogue(
    [feature("sso", { askUrl: "https://acme.example/upgrade" })],
    [plan("starter"), plan("premium", { sso: true }, { rank: 20 })],
  );
  await api.tenant("acme", { plan: "starter" });
  await api.tenant("globex", { plan: "premium" });
  latchkey = createLatchkey({ url: api.origin, key: api.keys.check });
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await api.stop();
});

const refusal = {
  type: "about:blank",
  title: "Forbidden",
  status: 403,
  detail: "Not included in starter. Included in premium.",
  code: "not_in_plan",
  feature: "sso",
  availableIn: ["premium"],
  askUrl: "https://acme.example/upgrade",
};

/** Both outcomes of a guarded route, as a caller sees them. */
async function expectGuarded(ask: (tenant: string | null) => Promise<Response>) {
  const open = await ask("globex");
  expect([open.status, await open.text()]).toEqual([200, "secret"]);
  const shut = await ask("acme");
  expect([shut.status, shut.headers.get("content-type"), shut.headers.get("cache-control")]).toEqual([
    403,
    "application/problem+json; charset=utf-8",
    "no-store",
  ]);
  expect(await shut.json()).toEqual(refusal);
  const nobody = await ask(null);
  expect([nobody.status, (await nobody.json()).code]).toEqual([403, "tenant_missing"]);
}

const headersOf = (tenant: string | null) => ({ headers: tenant === null ? undefined : { "x-tenant": tenant } });

describe("requireFeature", () => {
  test("guards an Express handler", async () => {
    const guard = latchkey.requireFeature("sso", {
      tenant: (request: IncomingMessage) => request.headers["x-tenant"] as string | undefined,
    });
    const url = await serveMiddleware(guard, (_request, response) => void response.end("secret"));
    await expectGuarded((tenant) => fetch(url, headersOf(tenant)));
  });

  test("hands an error of the app's own to next, once", async () => {
    const guard = latchkey.requireFeature<IncomingMessage>("sso", {
      tenant: async () => {
        throw new Error("no session store");
      },
    });
    const answer = await fetch(await serveMiddleware(guard, () => expect.unreachable()));
    expect([answer.status, await answer.text()]).toEqual([500, "Error: no session store"]);
  });

  test("hands the refusal of a response that is already sent to next", async () => {
    const guard = latchkey.requireFeature<IncomingMessage>("sso", { tenant: () => "acme" });
    let handed: unknown;
    const url = await serveMiddleware((request, response) => {
      response.end("gone");
      guard(request, response, (error) => {
        handed = error;
      });
    });
    await fetch(url);
    await expect.poll(() => (handed as NodeJS.ErrnoException | undefined)?.code).toBe("ERR_HTTP_HEADERS_SENT");
  });

  test("guards a Fastify route as its preHandler", async () => {
    const app = Fastify();
    closers.push(() => app.close());
    const guard = latchkey.requireFeature("sso", {
      tenant: (request: { headers: Record<string, string | string[] | undefined> }) => request.headers["x-tenant"] as string | undefined,
    });
    app.get("/", { preHandler: guard }, async () => "secret");
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    await expectGuarded((tenant) => fetch(url, headersOf(tenant)));
  });

  test("guards a Remix loader by throwing the answer", async () => {
    const guard = latchkey.requireFeature("sso", { tenant: ({ request }: { request: Request }) => request.headers.get("x-tenant") });
    const loader = async (args: { request: Request }) => {
      const { reason } = await guard(args);
      expect(reason.code).toBe("plan");
      return new Response("secret");
    };
    await expectGuarded((tenant) =>
      loader({ request: new Request("http://app/", headersOf(tenant)) }).catch((thrown) => {
        expect(thrown).toBeInstanceOf(Response);
        return thrown as Response;
      }),
    );
  });

  test("guards a fetch-style handler that returns its answers", async () => {
    const guard = latchkey.requireFeature("sso", { tenant: (request: Request) => Promise.resolve(request.headers.get("x-tenant")) });
    const handler = async (request: Request) => (await guard.refusal(request)) ?? new Response("secret");
    await expectGuarded((tenant) => handler(new Request("http://app/", headersOf(tenant))));
  });

  test("is shut while Latchkey is away, unless the default says otherwise", async () => {
    const options = { url: "http://127.0.0.1:1", key: "k" };
    const guarded = (away: Latchkey) => away.requireFeature<Request>("sso", { tenant: () => "globex" }).refusal(new Request("http://app/"));
    const shut = (await guarded(createLatchkey(options))) as Response;
    expect([shut.status, (await shut.json()).code]).toEqual([403, "unavailable"]);
    expect(await guarded(createLatchkey({ ...options, defaults: { sso: true } }))).toBe(null);
  });

  test("asks for the person and the amount that it was told", async () => {
    const asked: string[] = [];
    const watched = createLatchkey({
      url: api.origin,
      key: api.keys.check,
      fetch: (url, init) => {
        asked.push(String(url));
        return fetch(url, init);
      },
    });
    const guard = watched.requireFeature<Request>("sso", {
      tenant: () => "globex",
      user: (request) => new URL(request.url).pathname.slice(1),
      requested: 3,
    });
    await guard(new Request("http://app/u1"));
    expect(asked).toEqual([`${api.origin}/api/entitlements?tenant=globex&feature=sso&user=u1&requested=3`]);
  });
});
