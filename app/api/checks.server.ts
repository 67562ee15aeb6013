import type { FastifyInstance } from "fastify";
import type { Decision } from "~/core/decide";
import { explain } from "~/core/explain";
import { type CheckItem, checksBody, checksQuery, mostDecisions, readChecks } from "~/forms/checks";
import { FactsUnavailable } from "~/server/facts-cache.server";
import type { Asker } from "~/server/posthog/user-budget.server";
import type { Services } from "~/server/services.server";
import { askerOf, forbiddenIn, isFor } from "./authenticate.server";
import { askMany } from "./check-descriptions";
import { answerType, entitlementsPath } from "./entitlements.server";
import { parse } from "./parse.server";
import { sendProblem } from "./problem.server";
import { guarded, keyOf } from "./route.server";

/** After so many decisions others have their turn: a question with one answer does not wait for one with thousands. */
const decisionsInOneGo = 1_000;

/** Who may call: any key with the scope `check`. Many questions in one request, answered in the order asked. */
export async function checksApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts, now } = services;

  app.post<{ Querystring: { explain?: string } }>(entitlementsPath, guarded(services, askMany), async (request, reply) => {
    const key = keyOf(request);
    const sent = parse(
      reply,
      { query: checksQuery, body: checksBody },
      { query: { ...request.query }, body: request.body },
      { areApart: true },
    );
    if (!sent) return reply;
    const asked = readChecks(sent.body.checks);
    const decisions = asked.reduce((n, a) => n + (a.success ? (a.data.features?.length ?? 1) : 0), 0);
    if (decisions > mostDecisions) {
      const detail = `This asks for ${decisions} decisions. Ask for up to ${mostDecisions} in one request.`;
      return sendProblem(reply, { status: 400, code: "too_many_checks", detail, field: "checks" });
    }
    const results: string[] = [];
    let done = 0;
    let breath = decisionsInOneGo;
    for (const [i, a] of asked.entries()) {
      if (done >= breath) {
        breath = done + decisionsInOneGo;
        await new Promise(setImmediate);
      }
      results.push(
        a.success
          ? isFor(key, a.data.tenant)
            ? await answerOne(a.data, askerOf(key), sent.query.explain === "1")
            : refusals(a.data, forbiddenIn(key))
          : refusal("isUnfit" in a ? {} : sent.body.checks[i], a.error.issues[0]),
      );
      done += a.data?.features?.length ?? 1;
    }
    return reply.header("cache-control", "no-store").header("content-type", answerType).send(joined(results, facts.isStale()));
  });

  const trace = (decision: Decision) => explain(decision, facts.catalogue().features.get(decision.feature));

  /** One result for each feature, with a comma before each. */
  async function answerOne(asked: CheckItem, asker: Asker, withTrace: boolean): Promise<string> {
    const { tenant, feature, features, user, requested } = asked;
    const keys = features ?? [feature as string];
    const start = startOf(tenant);
    try {
      const on = checks.ground(tenant, user, keys, asker);
      const ground = on instanceof Promise ? await on : on;
      const told = checks.tellFrom(ground, keys, now(), requested);
      // Who wants to know why looks at it; nobody is let in by it.
      if (!withTrace) checks.count({ ground, decisions: told.map(({ decision }) => decision) });
      const rests = told.map(({ decision, rest }) =>
        withTrace ? `${rest.slice(0, -1)},"considered":${JSON.stringify(trace(decision))}}` : rest,
      );
      rests.unshift(""); // so that the first begins as the others do
      return rests.join(start);
    } catch (error) {
      if (!(error instanceof FactsUnavailable)) throw error;
      return refusals(asked, { code: "facts_unavailable", message: error.message });
    }
  }
}

/**
 * As bytes, some results at a time: putting megabytes of text together first, and then into bytes, takes several times as long.
 * `results` begin with a comma each.
 */
function joined(results: string[], isStale: boolean): Buffer {
  const end = isStale ? '],"isStale":true}' : "]}";
  const texts = ['{"results":[', (results[0] as string).slice(1), ...results.slice(1), end];
  const bytes = Buffer.allocUnsafe(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
  let at = 0;
  for (const text of texts) at += bytes.write(text, at);
  return bytes;
}

const startOf = (tenant: string) => `,{"tenant":${JSON.stringify(tenant)},"feature":`;

/** One for each feature that was asked for. */
function refusals({ tenant, feature, features }: CheckItem, error: { code: string; message: string; field?: string }): string {
  const [start, why] = [startOf(tenant), JSON.stringify(error)];
  return (features ?? [feature as string]).map((key) => `${start}${JSON.stringify(key)},"error":${why}}`).join("");
}

function refusal(asked: unknown, issue: { path: PropertyKey[]; message: string } | undefined): string {
  const { tenant, feature } = (typeof asked === "object" && asked !== null ? asked : {}) as { tenant?: unknown; feature?: unknown };
  const field = issue?.path.join(".") || undefined;
  const error = { code: "invalid_check", message: issue?.message ?? "This is no question.", ...(field ? { field } : {}) };
  return `,${JSON.stringify({ tenant, feature, error })}`;
}
