import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope } from "~/core/permissions";
import type { CachedKey } from "~/server/keys/key-cache.server";
import { isRefused, type RateLimit, type RateLimits, type RequestKind, rateHeaders, takeRequest } from "~/server/keys/rate-limits.server";
import type { Services } from "~/server/services.server";
import { authenticate } from "./authenticate.server";
import { type Problem, sendProblem } from "./problem.server";

/**
 * Returns the caller's key if it has the right and budget; otherwise sends the refusal and returns null. Runs before
 * the body is read.
 */
export function admit(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  scopes: readonly ApiScope[],
  options: { bound?: true /** The limit it counts against. */; limit?: RequestKind } = {},
): CachedKey | null {
  const key = authenticate(services, request, reply, scopes, options);
  if (!key) return null;
  const problem = limitProblem(services, key, reply, options.limit ?? (scopes.includes("check") ? "checks" : "requests"));
  if (!problem) return key;
  sendProblem(reply, problem);
  return null;
}

/** Adds the remaining budget to the response, or returns the refusal. */
export function limitProblem({ limits, elapsed }: Services, key: CachedKey, reply: FastifyReply, kind: RequestKind): Problem | null {
  const used = takeRequest(limits, key, kind, elapsed());
  for (const [name, value] of rateHeaders(used)) reply.header(name, value);
  const last = used.at(-1);
  if (!last || !isRefused(used)) return null;
  const { limit, taken } = last;
  return {
    status: 429,
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    code: "rate_limited",
    detail: `${whoSent(limit, limits)} within a minute. Wait ${taken.resets} s, then go on.`,
    violatedPolicies: [limit.name],
    headers: { "retry-after": String(taken.resets) },
  };
}

function whoSent(limit: RateLimit, { browserKey, browserTenant }: RateLimits): string {
  if (limit === browserTenant) return `The browser keys and tokens of this tenant have sent ${limit.limit} requests`;
  return `This key has sent ${limit.limit} ${limit === browserKey ? "requests" : limit.name}`;
}
