import type { IncomingMessage } from "node:http";
import Fastify, { type FastifyRequest } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import type { Latchkey } from "../../../client/index";
import { startGuide } from "../../support/guide";
import { serveMiddleware } from "../../support/middleware-server";

// A view that only tenants with AI search may see. Each framework gets the same guard; here a header says who asks.
const needed = "ai_search";
type Ask = (tenant: string) => Promise<Response>;

async function express(latchkey: Latchkey): Promise<Ask> {
  const guard = latchkey.requireFeature(needed, { tenant: (request: IncomingMessage) => request.headers["x-tenant"]?.toString() });
  const url = await serveMiddleware(guard, (_request, response) => void response.end("42 answers"));
  return (tenant) => fetch(url, { headers: { "x-tenant": tenant } });
}

async function fastify(latchkey: Latchkey): Promise<Ask> {
  const guard = latchkey.requireFeature(needed, { tenant: (request: FastifyRequest) => request.headers["x-tenant"]?.toString() });
  const app = Fastify();
  app.get("/", { preHandler: guard }, async () => "42 answers");
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  return (tenant) => fetch(url, { headers: { "x-tenant": tenant } });
}

async function remixLoader(latchkey: Latchkey): Promise<Ask> {
  const guard = latchkey.requireFeature(needed, { tenant: ({ request }: { request: Request }) => request.headers.get("x-tenant") });
  const loader = async (args: { request: Request }) => {
    await guard(args);
    return new Response("42 answers");
  };
  // What a loader throws, Remix answers.
  return (tenant) => loader({ request: new Request("http://app/", { headers: { "x-tenant": tenant } }) }).catch((thrown) => thrown);
}

async function fetchHandler(latchkey: Latchkey): Promise<Ask> {
  const guard = latchkey.requireFeature(needed, { tenant: (request: Request) => request.headers.get("x-tenant") });
  const handle = async (request: Request) => (await guard.refusal(request)) ?? new Response("42 answers");
  return (tenant) => handle(new Request("http://app/", { headers: { "x-tenant": tenant } }));
}

test.each([
  ["an Express route", express],
  ["a Fastify route", fastify],
  ["a Remix loader", remixLoader],
  ["a handler from Request to Response", fetchHandler],
])("%s lets PRO in, and BASIC only once the flag says so", async (_name, view) => {
  const { latchkey, fake, becomes } = await startGuide();
  const ask = await view(latchkey);

  const pro = await ask("globex");
  expect([pro.status, await pro.text()]).toEqual([200, "42 answers"]);

  const basic = await ask("acme");
  expect([basic.status, basic.headers.get("content-type")]).toEqual([403, "application/problem+json; charset=utf-8"]);
  expect(await basic.json()).toMatchObject({
    code: "not_in_plan",
    detail: "Not included in BASIC. Included in PRO.",
    feature: needed,
    availableIn: ["pro"],
  });

  fake.state.setFlag({ key: "ai-search" });
  await becomes("acme", needed, ({ entitled }) => entitled);
  expect((await ask("acme")).status).toBe(200);
});
