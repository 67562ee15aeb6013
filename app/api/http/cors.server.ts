import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Services } from "~/server/services.server";
import { presentedIn } from "./authenticate.server";
import { entitlementsPath, evaluateAllPath, evaluateOnePath, ofrepStreamPath, streamPath } from "./check-paths";

const routes = new Map([
  [entitlementsPath, "GET, POST"],
  [streamPath, "GET"],
  [ofrepStreamPath, "GET"],
  [evaluateAllPath, "POST"],
  [`${evaluateOnePath}*`, "POST"],
]);
/** True if pages of other origins may read this path. */
export const isForOtherOrigins = (path: string) => routes.has(path) || path.startsWith(evaluateOnePath);
const maxPreflightAge = "600"; // seconds

/**
 * Pages of other origins may use a `pub` key or a token, from origins the key lists, never a cookie. A preflight does
 * not name the key, so any listed origin is accepted there.
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
          "access-control-max-age": maxPreflightAge,
        });
      }
      return reply.code(204).send();
    });
  }
}

/** Adds the headers to every response for another origin, including refusals, so that the page can read them. */
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
