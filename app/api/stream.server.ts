import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { listenForFlags, listenToChanges } from "~/api/openapi/check-descriptions";
import { scopesFor } from "~/core/permissions";
import { streamQuery } from "~/forms/checks/checks";
import type { TenantState } from "~/server/checks/subscriptions.server";
import { bucketOf } from "~/server/keys/rate-limits.server";
import type { Services } from "~/server/services.server";
import { eventStreams, idOf, markIn } from "./event-stream.server";
import { admit, limitProblem } from "./http/admit.server";
import { askerOf, isFor, mayAskAbout, presentedIn } from "./http/authenticate.server";
import { ofrepStreamPath, streamPath } from "./http/check-paths";
import { parse } from "./http/parse.server";
import { sendProblem } from "./http/problem.server";

type Query = { tenant?: unknown; ticket?: unknown; since?: unknown };
type Asked = FastifyRequest<{ Querystring: Query }>;

/** Requires the scope `check`, or a ticket of a bulk answer for OpenFeature clients, which cannot send headers. */
export async function streamApi(app: FastifyInstance, { services }: { services: Services }) {
  const { keys, now } = services;
  const openStream = eventStreams(app, services);
  const event = (name: string, state: TenantState, data: object) => `id: ${idOf(state)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

  app.get(
    streamPath,
    { exposeHeadRoute: false, config: { description: listenToChanges, isStream: true } },
    async (request: Asked, reply: FastifyReply) => {
      // Opening a stream is not a check: it counts against the request limit, whatever the limit of checks.
      const key = admit(services, request, reply, scopesFor(["checks.ask"]), { bound: true, limit: "requests" });
      if (!key) return reply;
      const asked = { tenant: request.query.tenant ?? key.tenant ?? undefined };
      const sent = parse(reply, { query: streamQuery }, { query: asked });
      if (!sent) return reply;
      const { tenant } = sent.query;
      if (!mayAskAbout(key, tenant, reply)) return reply;
      const presented = presentedIn(request) as string;
      const seen = markIn(request.headers["last-event-id"]);
      const told = (name: string) => (state: TenantState) => event(name, state, { tenant, revision: state.revision });
      const problem = await openStream(reply, {
        tenant,
        key: bucketOf(key),
        asker: askerOf(key),
        seen,
        isGood: () => {
          const verdict = keys.verify(presented, now());
          return typeof verdict !== "string" && isFor(verdict, tenant);
        },
        first: told(seen === undefined ? "ready" : "changed"),
        changed: told("changed"),
      });
      return problem ? sendProblem(reply, problem) : reply;
    },
  );

  app.get(
    ofrepStreamPath,
    { exposeHeadRoute: false, config: { description: listenForFlags, isStream: true } },
    async (request: Asked, reply: FastifyReply) => {
      const { ticket, since } = request.query;
      const verify = () => keys.verifyTicket(String(ticket ?? ""), now());
      const verdict = verify();
      if (typeof verdict === "string" || verdict.tenant === null) {
        const detail = "This ticket has ended, or is none. Evaluate all flags again: the answer has a new one.";
        const headers = { "www-authenticate": 'Bearer realm="latchkey", error="invalid_token"' };
        return sendProblem(reply, { status: 401, code: "ticket_invalid", detail, headers });
      }
      const limited = limitProblem(services, verdict, reply, "requests");
      if (limited) return sendProblem(reply, limited);
      const changed = (state: TenantState) => event("message", state, { type: "refetchEvaluation" });
      const problem = await openStream(reply, {
        tenant: verdict.tenant,
        key: bucketOf(verdict),
        asker: askerOf(verdict),
        seen: markIn(request.headers["last-event-id"]) ?? String(since ?? ""),
        isGood: () => typeof verify() !== "string",
        first: changed,
        changed,
      });
      return problem ? sendProblem(reply, problem) : reply;
    },
  );
}
