import type { FastifyInstance } from "fastify";
import { isReadOnly } from "~/server/process/database-unavailable";
import type { Services } from "~/server/services.server";
import { sendProblem } from "./http/problem.server";

/** `/healthz`: the process answers. `/readyz`: it can work; no during shutdown. */
export function healthRoutes({ db, writeProbe, log }: Services, isStopping: () => boolean) {
  return async (app: FastifyInstance) => {
    app.get("/healthz", async (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));

    app.get("/readyz", async (_request, reply) => {
      if (isStopping()) return sendProblem(reply, { status: 503, code: "stopping", detail: "This process is about to stop." });
      try {
        await db.ping();
      } catch (err) {
        log.warn({ err }, "not ready");
        const detail = isReadOnly(err) ? "The database takes no writes." : "The database cannot be read.";
        return sendProblem(reply, { status: 503, code: "database_unavailable", detail });
      }
      try {
        await writeProbe.check();
      } catch (err) {
        log.warn({ err }, "not ready");
        return sendProblem(reply, { status: 503, code: "database_unavailable", detail: "The database cannot be written." });
      }
      return reply.header("cache-control", "no-store").send({ status: "ready" });
    });
  };
}
