import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createRequestHandler, type ServerBuild } from "@remix-run/node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { signedIn } from "~/server/admins/sessions.server";
import { incomingOf } from "~/server/posthog/events/request-context.server";
import type { RequestContext, Services } from "~/server/services.server";
import { clientSignal } from "./client-aborted";
import { limitedBody } from "./form-body.server";
import { createFormLimits, type FormLimits } from "./form-limits.server";
import { sendPlainPage } from "./plain-page.server";
import { cspNonceOf, isBehindHttps } from "./security.server";

/**
 * Hidden from Remix: the client was determined by Fastify and TRUST_PROXY and the origin by our guard. Remix would
 * compare Origin with a header that anyone can send.
 */
const isHiddenHeader = (name: string) => name === "origin" || name === "forwarded" || name.startsWith("x-forwarded-");

/** Scheme and host under which users reach this server. Host was validated by valid-host.server.ts. */
const originOf = (request: FastifyRequest, publicUrl: string | null) => publicUrl ?? `${request.protocol}://${request.host}`;

/** Returns null if the URL is not one that a browser sends. */
function addressOf(request: FastifyRequest, publicUrl: string | null): URL | null {
  const address = `${originOf(request, publicUrl)}${request.raw.url}`;
  return request.raw.url?.startsWith("/") && URL.canParse(address) ? new URL(address) : null;
}

function toRequest(request: FastifyRequest, reply: FastifyReply, address: URL, limits: FormLimits): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !isHiddenHeader(name)) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const init: RequestInit & { duplex?: "half" } = { method: request.method, headers, signal: clientSignal(reply) };
  if (request.method !== "GET" && request.method !== "HEAD") {
    init.body = limitedBody(request.raw, limits);
    init.duplex = "half";
  }
  return new Request(address, init);
}

/** Adds `Secure` to a cookie that lacks it. */
const secured = (cookie: string) => (/; *secure *(;|$)/i.test(cookie) ? cookie : `${cookie}; Secure`);

function send(reply: FastifyReply, response: Response, more: string[], isHttps: boolean) {
  reply.code(response.status);
  // Pages are private; a page that may be cached says so itself.
  reply.header("cache-control", "no-store");
  for (const [name, value] of response.headers) if (name !== "set-cookie") reply.header(name, value);
  const cookies = [...response.headers.getSetCookie(), ...more];
  if (cookies.length > 0) reply.header("set-cookie", isHttps ? cookies.map(secured) : cookies);
  return response.body ? reply.send(Readable.fromWeb(response.body as NodeReadableStream)) : reply.send();
}

/** Answers the request in its PostHog context, or plainly without PostHog. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Request,
  context: RequestContext,
  handle: () => Promise<Response>,
): Promise<Response> {
  const { posthog, env } = context;
  if (posthog === null) return handle();
  // Looked up once for the request and its loaders, which report errors themselves.
  const admin = await signedIn(asked, context).catch(() => null);
  const isPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  context.visit = posthog.visitors.meet(request.headers.cookie, admin !== null, isPage, env);
  const over = new AbortController();
  reply.raw.once("close", () => over.abort());
  return posthog.requests.run(incomingOf(request, env, { door: "page", admin, visitor: context.visit.id }), handle, over.signal);
}

export type RemixOptions = { services: Services; build: ServerBuild | (() => Promise<ServerBuild>) };

/** Page URLs have few parameters. Parsing thousands would take longer than the page. */
const maxParameters = 200;

/** Returns why a URL is refused before Remix handles it, or null. */
function refusalOf({ searchParams }: URL): string | null {
  // Remix's former data requests. No page uses them, and Remix logs each as an error.
  if (searchParams.has("_data")) return "This address cannot be answered. Open the page without _data.";
  if (searchParams.getAll("index").length > 1 || searchParams.getAll("_routes").length > 1)
    return "A parameter was given more than once. Open the page again.";
  return searchParams.size > maxParameters ? `An address has up to ${maxParameters} parameters. Leave some of them out.` : null;
}

/** Serves all URLs without another route. A body is read when an action asks for it, within its form's limits. */
export async function remixRoutes(app: FastifyInstance, { services, build }: RemixOptions) {
  const { env } = services;
  const handle = createRequestHandler(build, env.production ? "production" : "development");
  const limitsOf = typeof build === "function" ? async (path: string) => createFormLimits(await build())(path) : createFormLimits(build);
  const isHttps = isBehindHttps(env);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.route({
    method: ["PUT", "PATCH", "DELETE", "OPTIONS"],
    url: "*",
    handler: async (_request, reply) => sendPlainPage(reply.header("allow", "GET, HEAD, POST"), 405, "This page answers GET and POST."),
  });
  app.route({
    method: ["GET", "HEAD", "POST"],
    url: "*",
    handler: async (request, reply) => {
      const address = addressOf(request, env.publicUrl);
      if (!address) return sendPlainPage(reply, 400, "This address cannot be read. Check it and try again.");
      const refusal = refusalOf(address);
      if (refusal !== null) return sendPlainPage(reply, 400, refusal);
      const asked = toRequest(request, reply, address, await limitsOf(address.pathname));
      const context: RequestContext = { ...services, cspNonce: cspNonceOf(reply.raw), ip: request.ip, visit: null, moreCookies: [] };
      const response = await answer(request, reply, asked, context, () => handle(asked, context));
      const more = [...context.moreCookies, ...(context.visit?.cookie ? [context.visit.cookie] : [])];
      return send(reply, response, more, isHttps);
    },
  });
}
