import type { FastifyInstance, FastifyRequest } from "fastify";
import { hasLeft } from "../has-left";
import type { Services } from "../services.server";
import { incomingOf } from "./request-context.server";

type Needs = Pick<Services, "env" | "posthog">;

const fromProgram = (request: FastifyRequest, { env }: Needs) => incomingOf(request, env, { door: "api", admin: null, visitor: null });

/** Every request of these routes runs in its PostHog context, once it is read: reading a body loses it again. */
export function runInContext(app: FastifyInstance, services: Needs): void {
  const { posthog } = services;
  if (posthog === null) return;
  app.addHook("preHandler", (request, _reply, done) => posthog.requests.run(fromProgram(request, services), done));
}

/**
 * What a route throws is captured before it is answered as ever. The context is made only then: a check, which has nothing
 * else to tell, does not pay for one.
 */
export function captureFailures(app: FastifyInstance, services: Needs): void {
  const { posthog } = services;
  if (posthog === null) return;
  app.addHook("onError", (request, _reply, error, done) => {
    const status = error.statusCode ?? 500;
    if (status >= 500 && !hasLeft(request))
      posthog.requests.run(fromProgram(request, services), () => posthog.exceptions.ofRequest(error, status));
    done();
  });
}
