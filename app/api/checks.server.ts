import type { FastifyInstance } from "fastify";
import { explain } from "~/core/decision/considered-rules";
import type { Decision } from "~/core/decision/decide";
import { type CheckItem, checksBody, checksQuery, maxDecisions, readChecks } from "~/forms/checks/checks";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { Asker } from "~/server/posthog/flags/user-budget.server";
import type { Services } from "~/server/services.server";
import { answerType } from "./entitlements.server";
import { askerOf, forbiddenIn, isFor } from "./http/authenticate.server";
import { entitlementsPath } from "./http/check-paths";
import { parse } from "./http/parse.server";
import { sendProblem } from "./http/problem.server";
import { admittedKey, guarded } from "./http/route.server";
import { askMany } from "./openapi/check-descriptions";

/** Decisions per event-loop turn, so that small requests do not wait for large ones. */
const decisionsPerTurn = 1_000;

/** Requires the scope `check`. Answers many checks of one request in order. */
export async function checksApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts, now } = services;

  app.post<{ Querystring: { explain?: string } }>(entitlementsPath, guarded(services, askMany), async (request, reply) => {
    const key = admittedKey(request);
    const sent = parse(
      reply,
      { query: checksQuery, body: checksBody },
      { query: { ...request.query }, body: request.body },
      { areApart: true },
    );
    if (!sent) return reply;
    const asked = readChecks(sent.body.checks);
    const decisions = asked.reduce((n, a) => n + (a.success ? (a.data.features?.length ?? 1) : 0), 0);
    if (decisions > maxDecisions) {
      const detail = `This asks for ${decisions} decisions. Ask for up to ${maxDecisions} in one request.`;
      return sendProblem(reply, { status: 400, code: "too_many_checks", detail, field: "checks" });
    }
    const results: string[] = [];
    let done = 0;
    let turn = decisionsPerTurn;
    // Memory may catch up between two turns, after some of the results.
    let isStale = false;
    for (const [i, a] of asked.entries()) {
      if (done >= turn) {
        turn = done + decisionsPerTurn;
        await new Promise(setImmediate);
      }
      isStale ||= facts.isStale();
      results.push(
        a.success
          ? isFor(key, a.data.tenant)
            ? await answerOne(a.data, askerOf(key), sent.query.explain === "1")
            : refusals(a.data, forbiddenIn(key))
          : refusal("isUnstorable" in a && a.isUnstorable ? {} : sent.body.checks[i], a.error.issues[0]),
      );
      isStale ||= facts.isStale();
      done += a.data?.features?.length ?? 1;
    }
    return reply.header("cache-control", "no-store").header("content-type", answerType).send(joined(results, isStale));
  });

  const trace = (decision: Decision) => explain(decision, facts.catalogue().features.get(decision.feature));

  /** One result per feature, each preceded by a comma. */
  async function answerOne(asked: CheckItem, asker: Asker, withTrace: boolean): Promise<string> {
    const { tenant, feature, features, user, requested } = asked;
    const keys = features ?? [feature as string];
    const start = startOf(tenant);
    try {
      const on = checks.context(tenant, user, keys, asker);
      const context = on instanceof Promise ? await on : on;
      const told = checks.serializeFrom(context, keys, now(), requested);
      // A trace is for diagnosis and is not counted as a check.
      if (!withTrace) checks.count({ context, decisions: told.map(({ decision }) => decision) });
      const rests = told.map(({ decision, rest }) =>
        withTrace ? `${rest.slice(0, -1)},"considered":${JSON.stringify(trace(decision))}}` : rest,
      );
      rests.unshift(""); // So that the first begins like the others.
      return rests.join(start);
    } catch (error) {
      if (!(error instanceof FactsUnavailable)) throw error;
      return refusals(asked, { code: "facts_unavailable", message: error.message });
    }
  }
}

/**
 * Joins results in chunks of bytes: joining megabytes of text first and encoding them takes several times as long. Each
 * of `results` begins with a comma.
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

/** One per requested feature. */
function refusals({ tenant, feature, features }: CheckItem, error: { code: string; message: string; field?: string }): string {
  const [start, why] = [startOf(tenant), JSON.stringify(error)];
  return (features ?? [feature as string]).map((key) => `${start}${JSON.stringify(key)},"error":${why}}`).join("");
}

function refusal(asked: unknown, issue: { path: PropertyKey[]; message: string } | undefined): string {
  const { tenant, feature } = (typeof asked === "object" && asked !== null ? asked : {}) as { tenant?: unknown; feature?: unknown };
  const field = issue?.path.join(".") || undefined;
  const error = { code: "invalid_request", message: issue?.message ?? 'Missing "feature" or "tenant".', ...(field ? { field } : {}) };
  return `,${JSON.stringify({ tenant, feature, error })}`;
}
