import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { sendProblem } from "./http/problem.server";

/** Requires METRICS_TOKEN. Without it there are no metrics. */
export async function metricsApi(app: FastifyInstance, { services }: { services: Services }) {
  const { env, metrics } = services;

  app.get("/metrics", async (request, reply) => {
    if (env.metricsToken === null) {
      return sendProblem(reply, { status: 404, code: "metrics_off", detail: "Metrics are off. Set METRICS_TOKEN to switch them on." });
    }
    const [, token = ""] = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? "") ?? [];
    if (!isEqual(token, env.metricsToken)) {
      const headers = { "www-authenticate": 'Bearer realm="latchkey metrics"' };
      return sendProblem(reply, { status: 401, code: "token_wrong", detail: "Send METRICS_TOKEN: Authorization: Bearer …", headers });
    }
    return reply
      .header("cache-control", "no-store")
      .type(metrics.register.contentType)
      .send(await metrics.register.metrics());
  });
}

/** Compares in constant time. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => Buffer.from(sha256(text));
  return timingSafeEqual(digest(a), digest(b));
}
