import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope, HeldKey } from "~/server/key-ring.server";
import { rateLimitField, rateLimitPolicy } from "~/server/rate-limits.server";
import type { Services } from "~/server/services.server";
import { authenticate } from "./authenticate.server";
import { sendProblem } from "./problem.server";

/** The caller's key, if it may do this and has not asked too often; or null, and the refusal is sent. Before any body is read. */
export function admit(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  scope: ApiScope,
  options?: { bound?: true },
): HeldKey | null {
  const key = authenticate(services, request, reply, scope, options);
  if (!key) return null;
  return withinLimit(services, key, reply, scope === "check" ? "checks" : "requests") ? key : null;
}

/** False: the refusal is sent. Says in every answer how much is left. */
export function withinLimit({ limits, now }: Services, key: HeldKey, reply: FastifyReply, of: keyof Services["limits"]): boolean {
  const limit = limits[of];
  if (limit.limit === 0) return true;
  const taken = limit.take(key.id, now());
  reply.header("ratelimit-policy", rateLimitPolicy(limit)).header("ratelimit", rateLimitField(limit, taken));
  if (taken.ok) return true;
  sendProblem(reply, {
    status: 429,
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    code: "rate_limited",
    detail: `This key has sent ${limit.limit} ${limit.name} within a minute. Wait ${taken.resets} s, then go on.`,
    violatedPolicies: [limit.name],
    headers: { "retry-after": String(taken.resets) },
  });
  return false;
}
