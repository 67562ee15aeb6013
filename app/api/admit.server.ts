import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope, HeldKey } from "~/server/key-ring.server";
import { isRefused, type RateLimit, type RateLimits, type RequestKind, rateHeaders, takeRequest } from "~/server/rate-limits.server";
import type { Services } from "~/server/services.server";
import { authenticate } from "./authenticate.server";
import { type Problem, sendProblem } from "./problem.server";

/** The caller's key, if it may do this and has not asked too often; or null, and the refusal is sent. Before any body is read. */
export function admit(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: ApiScope | readonly ApiScope[],
  options: { bound?: true /** Which of the key's limits it is counted under. */; limit?: RequestKind } = {},
): HeldKey | null {
  const key = authenticate(services, request, reply, scope, options);
  if (!key) return null;
  const problem = limitProblem(services, key, reply, options.limit ?? ([scope].flat().includes("check") ? "checks" : "requests"));
  if (!problem) return key;
  sendProblem(reply, problem);
  return null;
}

/** Says in the answer how much is left; the refusal, if nothing is. */
export function limitProblem({ limits, elapsed }: Services, key: HeldKey, reply: FastifyReply, kind: RequestKind): Problem | null {
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
