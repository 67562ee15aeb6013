import type { FastifyInstance } from "fastify";
import { type Entitlement, entitlement } from "~/core/answer";
import { explain } from "~/core/explain";
import { type CheckItem, checkItem, checksBody, checksQuery, mostDecisions } from "~/forms/checks";
import { FactsUnavailable } from "~/server/facts-cache.server";
import type { Services } from "~/server/services.server";
import { mayAskAbout } from "./authenticate.server";
import { askMany } from "./check-descriptions";
import { entitlementsPath } from "./entitlements.server";
import { parse } from "./parse.server";
import { sendProblem } from "./problem.server";
import { guarded, keyOf } from "./route.server";

type Result =
  | ({ tenant: string; feature: string } & Entitlement & { considered?: ReturnType<typeof explain> })
  | { tenant?: unknown; feature?: unknown; error: { code: string; message: string; field?: string } };

/** Who may call: any key with the scope `check`. Many questions in one request, answered in the order asked. */
export async function checksApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts, now } = services;

  app.post<{ Querystring: { explain?: string } }>(entitlementsPath, guarded(services, askMany), async (request, reply) => {
    const key = keyOf(request);
    const sent = parse(reply, { query: checksQuery, body: checksBody }, { query: { ...request.query }, body: request.body });
    if (!sent) return reply;
    const asked = sent.body.checks.map((check) => checkItem.safeParse(check));
    const foreign = asked.find((a) => a.success && key.tenant !== null && a.data.tenant !== key.tenant);
    if (foreign?.data && !mayAskAbout(key, foreign.data.tenant, reply)) return reply;
    const decisions = asked.reduce((n, a) => n + (a.success ? (a.data.features?.length ?? 1) : 0), 0);
    if (decisions > mostDecisions) {
      const detail = `This asks for ${decisions} decisions. Ask for up to ${mostDecisions} in one request.`;
      return sendProblem(reply, { status: 400, code: "too_many_checks", detail, field: "checks" });
    }
    const results: Result[] = [];
    for (const [i, a] of asked.entries()) {
      if (a.success) results.push(...(await answerOne(a.data, sent.query.explain === "1")));
      else results.push(refusal(sent.body.checks[i], a.error.issues[0]));
    }
    return reply.header("cache-control", "no-store").send({ results });
  });

  async function answerOne({ tenant, feature, features, user, requested }: CheckItem, withTrace: boolean): Promise<Result[]> {
    const keys = features ?? [feature as string];
    try {
      const on = checks.ground(tenant, user);
      const ground = on instanceof Promise ? await on : on;
      const { decisions } = checks.answerFrom(ground, keys, now(), requested);
      checks.count({ ground, decisions });
      const catalogue = facts.catalogue();
      return decisions.map((d) => ({
        tenant,
        feature: d.feature,
        ...entitlement(d, ground.held.facts, catalogue),
        ...(withTrace ? { considered: explain(d) } : {}),
      }));
    } catch (error) {
      if (!(error instanceof FactsUnavailable)) throw error;
      return keys.map((key) => ({ tenant, feature: key, error: { code: "facts_unavailable", message: error.message } }));
    }
  }
}

function refusal(asked: unknown, issue: { path: PropertyKey[]; message: string } | undefined): Result {
  const { tenant, feature } = (typeof asked === "object" && asked !== null ? asked : {}) as { tenant?: unknown; feature?: unknown };
  const field = issue?.path.join(".") || undefined;
  return {
    tenant,
    feature,
    error: { code: "invalid_check", message: issue?.message ?? "This is no question.", ...(field ? { field } : {}) },
  };
}
