import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createReadableStreamFromReadable, createRequestHandler, type ServerBuild } from "@remix-run/node";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendPlainPage } from "./plain-page.server";
import { incomingOf } from "./posthog/request-context.server";
import { cspNonceOf } from "./security.server";
import type { RequestContext, Services } from "./services.server";
import { signedIn } from "./sessions.server";

/**
 * Not for Remix to see: who is asking was settled by Fastify and TRUST_PROXY, and where from by our guard;
 * Remix would compare Origin with a header that anybody can send.
 */
const isHiddenHeader = (name: string) => name === "origin" || name === "forwarded" || name.startsWith("x-forwarded-");

/** Null: the Host or the address is not one that a browser sends. */
function toRequest(request: FastifyRequest, reply: FastifyReply, publicUrl: string | null): Request | null {
  const address = `${publicUrl ?? `${request.protocol}://${request.host}`}${request.raw.url}`;
  if (!request.raw.url?.startsWith("/") || !URL.canParse(address)) return null;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !isHiddenHeader(name)) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const gone = new AbortController();
  const abort = () => gone.abort();
  reply.raw.once("close", abort);
  reply.raw.once("finish", () => reply.raw.off("close", abort));
  const init: RequestInit & { duplex?: "half" } = { method: request.method, headers, signal: gone.signal };
  if (request.method !== "GET" && request.method !== "HEAD") {
    init.body = createReadableStreamFromReadable(request.raw);
    init.duplex = "half";
  }
  return new Request(address, init);
}

function send(reply: FastifyReply, response: Response, more: string[]) {
  reply.code(response.status);
  // Pages show what only a signed-in person may see; a page that may be kept says so itself.
  reply.header("cache-control", "no-store");
  for (const [name, value] of response.headers) if (name !== "set-cookie") reply.header(name, value);
  const cookies = [...response.headers.getSetCookie(), ...more];
  if (cookies.length > 0) reply.header("set-cookie", cookies);
  return response.body ? reply.send(Readable.fromWeb(response.body as NodeReadableStream)) : reply.send();
}

/** The request as it is answered, in its own PostHog context. Without PostHog: only answered. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Request,
  context: RequestContext,
  handle: () => Promise<Response>,
): Promise<Response> {
  const { posthog, env } = context;
  if (posthog === null) return handle();
  // Found once for the request and its loaders; what goes wrong there goes wrong in them, too.
  const admin = await signedIn(asked, context).catch(() => null);
  const isPage = request.method === "GET" && (request.headers.accept ?? "").includes("text/html");
  context.visit = posthog.visitors.meet(request.headers.cookie, admin !== null, isPage, env);
  const over = new AbortController();
  reply.raw.once("close", () => over.abort());
  return posthog.requests.run(incomingOf(request, env, { door: "page", admin, visitor: context.visit.id }), handle, over.signal);
}

export type RemixOptions = { services: Services; build: ServerBuild | (() => Promise<ServerBuild>) };

/** Every address that no other route has. Bodies go to Remix as they come. */
export async function remixRoutes(app: FastifyInstance, { services, build }: RemixOptions) {
  const handle = createRequestHandler(build, services.env.production ? "production" : "development");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.route({
    method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    url: "*",
    handler: async (request, reply) => {
      const asked = toRequest(request, reply, services.env.publicUrl);
      if (!asked) return sendPlainPage(reply, 400, "This address cannot be read. Check it and try again.");
      const context: RequestContext = { ...services, cspNonce: cspNonceOf(reply.raw), ip: request.ip, visit: null, moreCookies: [] };
      const response = await answer(request, reply, asked, context, () => handle(asked, context));
      return send(reply, response, [...context.moreCookies, ...(context.visit?.cookie ? [context.visit.cookie] : [])]);
    },
  });
}
