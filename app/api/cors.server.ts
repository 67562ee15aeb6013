import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "~/server/services.server";
import { presentedIn } from "./authenticate.server";
import { entitlementsPath } from "./entitlements.server";

const routes = new Map([
  [entitlementsPath, "GET, POST"],
  ["/api/stream", "GET"],
  ["/ofrep/v1/stream", "GET"],
  ["/ofrep/v1/evaluate/flags", "POST"],
  ["/ofrep/v1/evaluate/flags/*", "POST"],
]);
/** Whether pages of other origins may read what stands at this path. */
export const isForOtherOrigins = (path: string) => routes.has(path) || path.startsWith("/ofrep/v1/evaluate/flags/");
const longestPreflight = "600"; // seconds

/**
 * Pages of other origins may ask with a `pub` key, or a token, from the origins that its key lists; never with a cookie. A
 * preflight does not say with which key the question will come, so there any listed origin will do.
 */
export async function corsPreflights(app: FastifyInstance, { services }: { services: Services }) {
  for (const [url, method] of routes) {
    app.options(url, (request, reply) => {
      const { origin } = request.headers;
      reply.header("vary", "Origin").header("cache-control", "no-store");
      if (origin !== undefined && services.keys.knowsOrigin(origin)) {
        reply.headers({
          "access-control-allow-origin": origin,
          "access-control-allow-methods": method,
          "access-control-allow-headers": "content-type, authorization, x-api-key, if-none-match, last-event-id",
          "access-control-max-age": longestPreflight,
        });
      }
      return reply.code(204).send();
    });
  }
}

/** In front of every answer to a page of another origin, a refusal too: without it the page could not read why. */
export function allowOrigin({ keys, now }: Services) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { origin } = request.headers;
    if (origin === undefined || request.method === "OPTIONS" || !routes.has(request.routeOptions.url ?? "")) return done();
    const { ticket } = request.query as { ticket?: unknown };
    const presented = presentedIn(request);
    const verdict =
      presented !== undefined ? keys.verify(presented, now()) : typeof ticket === "string" ? keys.verifyTicket(ticket, now()) : null;
    const isAllowed =
      verdict === null || typeof verdict === "string"
        ? keys.knowsOrigin(origin)
        : verdict.kind !== "live" && verdict.origins?.includes(origin) === true;
    reply.header("vary", "Origin");
    if (isAllowed) {
      reply.header("access-control-allow-origin", origin);
      reply.header("access-control-expose-headers", "ETag, Retry-After, RateLimit, RateLimit-Policy");
    }
    done();
  };
}
