import type { FastifyInstance, FastifyRequest } from "fastify";
import { arrivalOf } from "~/server/arrival.server";
import { incomingOf } from "~/server/posthog/events/request-context.server";
import type { Services } from "~/server/services.server";
import { hasLeft } from "./client-aborted";

type Needs = Pick<Services, "env" | "posthog">;

const fromProgram = (request: FastifyRequest, { env }: Needs) =>
  incomingOf(request, arrivalOf(request, env), { door: "api", admin: null, visitor: null });

/**
 * Runs every request of these routes in its PostHog context once its body is read, because reading a body loses the
 * context.
 */
export function runInContext(app: FastifyInstance, services: Needs): void {
  const { posthog } = services;
  if (posthog === null) return;
  app.addHook("preHandler", (request, _reply, done) => posthog.requests.run(fromProgram(request, services), done));
}

/**
 * Captures what a route throws before it is answered as usual. The context is created only then, so that checks do not
 * pay for it.
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
