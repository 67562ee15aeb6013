import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope, HeldKey } from "~/server/key-ring.server";
import { bucketOf, rateLimitField } from "~/server/rate-limits.server";
import type { Services } from "~/server/services.server";
import { authenticate } from "./authenticate.server";
import { type Problem, sendProblem } from "./problem.server";

/** The caller's key, if it may do this and has not asked too often; or null, and the refusal is sent. Before any body is read. */
export function admit(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: ApiScope | readonly ApiScope[],
  options: { bound?: true /** Which of the key's limits it is counted under. */; limit?: keyof Services["limits"] } = {},
): HeldKey | null {
  const key = authenticate(services, request, reply, scope, options);
  if (!key) return null;
  const problem = limitProblem(services, key, reply, options.limit ?? ([scope].flat().includes("check") ? "checks" : "requests"));
  if (!problem) return key;
  sendProblem(reply, problem);
  return null;
}

/** Says in the answer how much is left; the refusal, if nothing is. */
export function limitProblem({ limits, now }: Services, key: HeldKey, reply: FastifyReply, of: keyof Services["limits"]): Problem | null {
  const limit = limits[of];
  if (limit.limit === 0) return null;
  const taken = limit.take(bucketOf(key), now());
  reply.header("ratelimit-policy", limit.policy).header("ratelimit", rateLimitField(limit, taken));
  if (taken.ok) return null;
  return {
    status: 429,
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    code: "rate_limited",
    detail: `This key has sent ${limit.limit} ${limit.name} within a minute. Wait ${taken.resets} s, then go on.`,
    violatedPolicies: [limit.name],
    headers: { "retry-after": String(taken.resets) },
  };
}
