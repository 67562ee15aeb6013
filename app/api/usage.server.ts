import type { FastifyInstance } from "fastify";
import { consumeBody, mostReports, type UsageReportBody, usageBody, usageReport } from "~/forms/usage";
import type { Services } from "~/server/services.server";
import { consume, type Recorded, recordUsage } from "~/server/usage.server";
import { authenticate, mayAskAbout } from "./authenticate.server";
import { parse } from "./parse.server";
import { sendProblem } from "./problem.server";
import { sendUnavailable } from "./unavailable.server";

/** A thousand reports with long keys; larger bodies are refused before they are read. */
const largestBody = mostReports * 1_000;

/** Who may call: keys with the scope `usage`. What is answered as recorded is on the disk. */
export async function usageApi(app: FastifyInstance, { services }: { services: Services }) {
  app.post("/api/usage", { bodyLimit: largestBody }, async (request, reply) => {
    const key = authenticate(services, request, reply, "usage", { bound: true });
    if (!key) return reply;
    const sent = parse(reply, { body: usageBody }, { body: request.body });
    if (!sent) return reply;
    const read = sent.body.events.map((event) => usageReport.safeParse(event));
    const good = read.flatMap((r) => (r.success ? [r.data as UsageReportBody] : []));
    const foreign = good.find(({ tenant }) => key.tenant !== null && tenant !== key.tenant);
    if (foreign && !mayAskAbout(key, foreign.tenant, reply)) return reply;
    try {
      const recorded = await recordUsage(services, good);
      let next = 0;
      const results = read.map((r): Recorded => (r.success ? (recorded[next++] as Recorded) : refusalOf(r.error.issues[0])));
      const count = (status: Recorded["status"]) => results.filter((r) => r.status === status).length;
      return reply.send({ recorded: count("recorded"), duplicates: count("duplicate"), refused: count("refused"), results });
    } catch (error) {
      return sendUnavailable(error, reply);
    }
  });

  app.post("/api/usage/consume", async (request, reply) => {
    const key = authenticate(services, request, reply, "usage", { bound: true });
    if (!key) return reply;
    const sent = parse(reply, { body: consumeBody }, { body: request.body });
    if (!sent || !mayAskAbout(key, sent.body.tenant, reply)) return reply;
    try {
      const result = await consume(services, sent.body);
      if (!("status" in result)) return reply.header("cache-control", "no-store").send(result);
      const { code, message, field } = result;
      return sendProblem(reply, { status: code === "idempotency_key_reused" ? 409 : 422, code, detail: message, field });
    } catch (error) {
      return sendUnavailable(error, reply);
    }
  });
}

function refusalOf(issue: { path: PropertyKey[]; message: string } | undefined): Recorded {
  return {
    status: "refused",
    code: "invalid_event",
    message: issue?.message ?? "This is no event.",
    field: issue?.path.join(".") || "event",
  };
}
