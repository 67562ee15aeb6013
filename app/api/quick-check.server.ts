import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type RateLimit, rateLimitField, rateLimitPolicy, type Taken } from "~/server/rate-limits.server";
import type { Services } from "~/server/services.server";
import { answerHeaders, answerType, entitlementsPath } from "./entitlements.server";

/** True: it is answered. */
type Quick = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The plain question whose answer lies ready, answered before the router and the framework, which would cost as much again
 * as node:http does. Anything else, and everything that is not a yes from start to end, is left to the route.
 */
export function quickCheck({ facts, keys, checks, limits, metrics, now }: Services, isStopping: () => boolean): Quick {
  const start = `${entitlementsPath}?`;
  return (request, response) => {
    const { url = "", method, headers } = request;
    if (method !== "GET" || !url.startsWith(start) || isStopping()) return false;
    const since = metrics.isTimed() ? performance.now() : 0;
    const { authorization } = headers;
    const hasMore = headers["if-none-match"] ?? headers["content-length"] ?? headers["transfer-encoding"] ?? headers.origin;
    if (hasMore !== undefined || !authorization?.startsWith("Bearer ")) return false;
    if (facts.look() || keys.refresh()) return false;
    const key = keys.verify(authorization.slice("Bearer ".length), now());
    if (typeof key === "string" || !key.scopes.includes("check")) return false;
    const known = checks.known(url);
    if (!known || (key.tenant !== null && key.tenant !== known.ground.tenant)) return false;
    const limit = limits.checks;
    const taken = limit.limit > 0 ? limit.take(key.id, now()) : null;
    if (taken && !taken.ok) return false;
    checks.count(known);
    // Flat: an object takes node:http several times as long to read.
    const length = String(Buffer.byteLength(known.body));
    response.writeHead(200, [
      ...answerHeaders(known, now()).flat(),
      "content-type",
      answerType,
      "content-length",
      length,
      ...rateFields(limit, taken),
    ]);
    response.end(known.body);
    if (since > 0) metrics.checked(since);
    return true;
  };
}

const unlimited: string[] = [];
const rateFields = (limit: RateLimit, taken: Taken | null) =>
  taken ? ["ratelimit-policy", rateLimitPolicy(limit), "ratelimit", rateLimitField(limit, taken)] : unlimited;

/** Lets it have the first look at every request of the server. */
export function putInFront(server: Server, quick: Quick): void {
  const behind = server.listeners("request") as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (!quick(request, response)) for (const answer of behind) answer.call(server, request, response);
  });
}
