import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { explain as explainDecision } from "~/core/decision/considered-rules";
import type { Decision } from "~/core/decision/decide";
import type { Instant } from "~/core/model";
import { type CheckQuery, checkParametersOf, checkQuery } from "~/forms/checks/checks";
import type { Prepared } from "~/server/checks/check.server";
import { diagnosticAnswer } from "~/server/checks/diagnostic-answer.server";
import type { Services } from "~/server/services.server";
import { askerOf, isFor, mayAskAbout } from "./http/authenticate.server";
import { entitlementsPath } from "./http/check-paths";
import { etagOf, matchesEtag } from "./http/etag.server";
import { parse } from "./http/parse.server";
import { admittedKey, guarded } from "./http/route.server";
import { sendUnavailable } from "./http/unavailable.server";
import { getEntitlements } from "./openapi/check-descriptions";

/** How long clients may cache an answer, in seconds, if nothing ends sooner. */
export const maxAgeSeconds = 30;

/** Requires the scope `check`. Answered from memory. */
export async function entitlementsApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks } = services;

  app.get<{ Querystring: { [name: string]: unknown } }>(entitlementsPath, guarded(services, getEntitlements), (request, reply) => {
    const key = admittedKey(request);
    const question = request.raw.url as string;
    const asker = askerOf(key);
    const known = checks.known(question, services.now(), asker);
    if (known && isFor(key, known.context.tenant)) return send(known, request, reply);
    const sent = parse(reply, { query: checkQuery }, { query: checkParametersOf(request.query) }, { mayRepeat: ["feature"] });
    if (!sent) return reply;
    const { tenant, user, requested, at, explain } = sent.query;
    if (!mayAskAbout(key, tenant, reply)) return reply;
    if (at !== undefined || explain === "1") return answerApart(sent.query, request, reply);
    const made = checks.ask({ question, tenant, features: featuresOf(sent.query), user, requested, asker });
    if (!(made instanceof Promise)) return send(made, request, reply);
    return made.then(
      (m) => send(m, request, reply),
      (error) => sendUnavailable(error, reply),
    );
  });

  /** Diagnostic questions: not cached and not counted. */
  async function answerApart(query: CheckQuery, request: FastifyRequest, reply: FastifyReply) {
    try {
      const question = { ...query, features: featuresOf(query) };
      const { body, decisions, catalogue } = await diagnosticAnswer(services, question, askerOf(admittedKey(request)));
      const trace = (d: Decision) => explainDecision(d, catalogue.features.get(d.feature));
      const considered = query.explain === "1" ? Object.fromEntries(decisions.map((d) => [d.feature, trace(d)])) : undefined;
      const text = JSON.stringify({ ...body, ...(considered ? { considered } : {}) });
      const etag = etagOf(text);
      reply.headers({ "cache-control": "no-store", etag, vary: answerVary });
      if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
      return reply.header("content-type", answerType).send(text);
    } catch (error) {
      return sendUnavailable(error, reply);
    }
  }

  function send(prepared: Prepared, request: FastifyRequest, reply: FastifyReply) {
    checks.count(prepared);
    for (const [name, value] of answerHeaders(prepared, services.now())) reply.header(name, value);
    if (matchesEtag(request.headers["if-none-match"], prepared.etag)) return reply.code(304).send();
    return reply.header("content-type", answerType).send(prepared.body);
  }
}

const answerVary = "Authorization, X-API-Key, Origin";
export const answerType = "application/json; charset=utf-8";

/** A stale answer must not be cached. */
export function cacheControl(validUntil: Instant | null, now: Instant, isStale: boolean): string {
  const left = validUntil === null ? maxAgeSeconds : Math.floor((validUntil - now) / 1000);
  return `private, max-age=${isStale ? 0 : Math.max(0, Math.min(maxAgeSeconds, left))}`;
}

export function answerHeaders(
  { validUntil, etag, isStale }: Pick<Prepared, "validUntil" | "etag" | "isStale">,
  now: Instant,
): [name: string, value: string][] {
  return [
    ["cache-control", cacheControl(validUntil, now, isStale)],
    ["etag", etag],
    ["vary", answerVary],
  ];
}

/** Null means all listed features. */
const featuresOf = ({ feature }: CheckQuery): string[] | null => (feature === undefined ? null : [...new Set(feature)]);
