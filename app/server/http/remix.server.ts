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
import { type PageRequest, pageRequestOf, routePages } from "./page-request.server";
import { isBehindHttps } from "./security.server";

/**
 * Hidden from Remix: the client was determined by Fastify and TRUST_PROXY and the origin by our guard. Remix would
 * compare Origin with a header that anyone can send.
 */
const isHiddenHeader = (name: string) => name === "origin" || name === "forwarded" || name.startsWith("x-forwarded-");

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
  page: PageRequest,
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
  return posthog.requests.run(incomingOf(request, page, { door: "page", admin, visitor: context.visit.id }), handle, over.signal);
}

export type RemixOptions = {
  services: Services;
  build: ServerBuild | (() => Promise<ServerBuild>);
  /** In the page process: what the server sent along. */
  pageRequest?: (request: FastifyRequest) => PageRequest;
};

/** Answers pages in this process. A body is read when an action asks for it, within its form's limits. */
export async function remixRoutes(app: FastifyInstance, { services, build, pageRequest }: RemixOptions) {
  const { env } = services;
  const handle = createRequestHandler(build, env.production ? "production" : "development");
  const limitsOf = typeof build === "function" ? async (path: string) => createFormLimits(await build())(path) : createFormLimits(build);
  const isHttps = isBehindHttps(env);
  const pageRequestOfApp = pageRequest ?? ((request: FastifyRequest, reply: FastifyReply) => pageRequestOf(request, reply, env));
  routePages(app, pageRequestOfApp, async (request, reply, page, address) => {
    const asked = toRequest(request, reply, address, await limitsOf(address.pathname));
    const context: RequestContext = { ...services, cspNonce: page.nonce, ip: page.ip, visit: null, moreCookies: [] };
    const response = await answer(request, reply, page, asked, context, () => handle(asked, context));
    const more = [...context.moreCookies, ...(context.visit?.cookie ? [context.visit.cookie] : [])];
    return send(reply, response, more, isHttps);
  });
}
