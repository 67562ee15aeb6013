import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from "fastify";
import { hasLeft } from "~/server/http/client-aborted";
import { closeLingering } from "~/server/http/lingering-close.server";
import { isUnavailable } from "~/server/process/database-unavailable";
import { bodyTooLarge, defaultBodyLimits, maxParsedDepth } from "./body-limits";
import { limitsOf } from "./json-bodies.server";
import { BodyRefused } from "./json-scan";
import { type Problem, sendProblem } from "./problem.server";
import { UnreadableText } from "./text-body.server";

const sentences: Record<number, [code: string, detail: string, field?: string]> = {
  400: ["bad_request", "This request cannot be read."],
  408: ["too_slow", "The request did not arrive in time."],
  414: ["address_too_long", "A part of the address is too long.", "path"],
  415: [
    "unsupported_media_type",
    "Send JSON, with Content-Type: application/json; a catalogue file also as application/yaml, tenants as text/csv.",
    "Content-Type",
  ],
  431: ["headers_too_large", "The address and headers together are larger than 16 kB."],
};

const unavailable: Problem = {
  status: 503,
  code: "database_unavailable",
  detail: "The database is unreachable or locked. Ask again in a few seconds.",
  headers: { "retry-after": "5" },
};

/**
 * Maps an error before or in a route to a problem. Never uses the error's message, which may contain input. `limits`
 * are those of the route's body.
 */
export function problemOf(error: Partial<FastifyError>, limits = defaultBodyLimits): Problem {
  if (error instanceof UnreadableText) return error.problem;
  if (error.code === "FST_ERR_CTP_INVALID_JSON_BODY" || error.code === "FST_ERR_CTP_EMPTY_JSON_BODY" || error instanceof SyntaxError) {
    return { status: 400, code: "invalid_json", detail: "The body is not valid JSON." };
  }
  if (error instanceof BodyRefused && error.fault === "too_deep") {
    return { status: 400, code: "invalid_request", detail: tooDeep, field: "body", errors: [{ field: "body", message: tooDeep }] };
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return { status, code: "body_too_large", detail: bodyTooLarge(limits), field: "body" };
  if (isUnavailable(error)) return unavailable;
  if (status >= 500)
    return { status, code: "internal_error", detail: "Something went wrong on our side; the log has the reason under this request id." };
  const [code, detail, field] = sentences[status] ?? ["bad_request", "This request cannot be answered."];
  return { status, code, detail, field };
}

const tooDeep = `This is nested more than ${maxParsedDepth} deep.`;

/** The problem of a request that failed, which is logged if it is our fault. */
export function failedProblem(error: Partial<FastifyError>, request: FastifyRequest): Problem {
  // A client that disconnected sent half a request.
  const problem = problemOf(hasLeft(request) ? { statusCode: 400 } : error, limitsOf(request));
  if (problem.status >= 500) request.log.error({ err: error, req: request }, "request failed");
  if (problem.status === 413) closeLingering(request.raw);
  return problem;
}

export const refuseError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendProblem(reply, failedProblem(error, request));

/** In characters of the encoded URL: a tenant key of 200 characters takes up to 12 each. */
export const maxQueryLength = 2_500;

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const satisfies HTTPMethods[];

/** Records routes added from here on, for `refuseTheRest`. */
export function noteRoutes(app: FastifyInstance): Map<string, Set<string>> {
  const known = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }: RouteOptions) => {
    known.set(url, new Set([...(known.get(url) ?? []), ...[method].flat()]));
  });
  return known;
}

/** Refuses API requests without a route: 405 if another method exists, else 404. Runs before the body is read. */
export function refuseTheRest(app: FastifyInstance, known: Map<string, Set<string>>): void {
  const refuse = (url: string, method: readonly HTTPMethods[], why: (request: FastifyRequest) => Problem) =>
    app.route({
      method: [...method],
      url,
      config: { refuses: true },
      onRequest: async (request, reply) => sendProblem(reply, why(request)),
      handler: () => {},
    });
  for (const [url, has] of [...known]) {
    const missing = methods.filter((method) => !has.has(method));
    if (missing.length > 0) refuse(url, missing, () => notAllowed(has));
  }
  for (const url of ["/api", "/api/*", "/ofrep/*"]) refuse(url, methods, nothingThere);
}

function notAllowed(has: Set<string>): Problem {
  const allow = methods.filter((method) => has.has(method)).join(", ");
  return { status: 405, code: "method_not_allowed", detail: `This address answers ${allow}.`, headers: { allow } };
}

/** The same for methods unknown to the router, such as PROPFIND. `known` is its state before `refuseTheRest`. */
export function refuseUnsupportedMethods(known: Map<string, Set<string>>): (request: FastifyRequest) => Problem {
  const routes = [...known]
    .map(([url, has]) => ({ has, pattern: patternOf(url), open: url.split(/[:*]/).length }))
    .sort((a, b) => a.open - b.open);
  return (request) => {
    const path = request.url.split("?")[0] as string;
    const route = routes.find(({ pattern }) => pattern.test(path));
    return route ? notAllowed(route.has) : nothingThere(request);
  };
}

const patternOf = (url: string) =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replace(/:\w+/g, "[^/]+")
      .replace(/\*/g, ".*")}$`,
  );

/** Parameters too long for a route end up here. */
function nothingThere({ url }: FastifyRequest): Problem {
  if (url.split(/[/?]/).some((part) => part.length > maxQueryLength)) return problemOf({ statusCode: 414 });
  return { status: 404, code: "not_found", detail: "There is nothing at this address. Check the path." };
}
