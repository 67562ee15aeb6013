import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Decision } from "~/core/decision/decide";
import { explain as explainDecision } from "~/core/decision/explain";
import { type Instant, keyPattern, tenantKeyPattern } from "~/core/model";
import { checkOptions } from "~/forms/checks/checks";
import { addressWords } from "~/forms/error-messages";
import type { Prepared } from "~/server/checks/check.server";
import { answerThen } from "~/server/checks/point-in-time.server";
import type { Services } from "~/server/services.server";
import { askerOf, isFor, mayAskAbout } from "./http/authenticate.server";
import { etagOf, matchesEtag } from "./http/etag.server";
import { sendProblem } from "./http/problem.server";
import { admittedKey, guarded } from "./http/route.server";
import { sendUnavailable } from "./http/unavailable.server";
import { getEntitlements } from "./openapi/check-descriptions";

/** How long clients may cache an answer, in seconds, if nothing ends sooner. */
export const maxAgeSeconds = 30;

export const entitlementsPath = "/api/entitlements";

type Query = {
  tenant?: string | string[];
  feature?: string | string[];
  user?: string | string[];
  requested?: unknown;
  at?: unknown;
  explain?: unknown;
};

/** Requires the scope `check`. Answered from memory. */
export async function entitlementsApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts } = services;

  app.get<{ Querystring: Query }>(entitlementsPath, guarded(services, getEntitlements), (request, reply) => {
    const key = admittedKey(request);
    const question = request.raw.url as string;
    const asker = askerOf(key);
    const known = checks.known(question, services.now(), asker);
    if (known && isFor(key, known.context.tenant)) return send(known, request, reply);
    const asked = readQuestion(request.query);
    if ("problem" in asked) return sendProblem(reply, { status: 400, code: "invalid_query", ...asked.problem });
    if (!mayAskAbout(key, asked.tenant, reply)) return reply;
    const options = checkOptions.safeParse(request.query, addressWords);
    if (!options.success) return refuseOptions(reply, options.error.issues[0]);
    const { requested, at, explain } = options.data;
    if (at !== undefined || explain === "1") return answerApart(asked, { requested, at, explain: explain === "1" }, request, reply);
    const made = checks.ask({ question, ...asked, requested, asker });
    if (!(made instanceof Promise)) return send(made, request, reply);
    return made.then(
      (m) => send(m, request, reply),
      (error) => sendUnavailable(error, reply),
    );
  });

  /** Diagnostic questions: not cached and not counted. */
  async function answerApart({ tenant, features, user }: Question, options: Options, request: FastifyRequest, reply: FastifyReply) {
    const now = services.now();
    const { requested, at = now } = options;
    try {
      const { body, decisions, catalogue } =
        at < now
          ? await answerThen(services, tenant, features, at, requested)
          : {
              ...checks.answerFrom(await checks.context(tenant, user, features, askerOf(admittedKey(request))), features, at, requested),
              catalogue: facts.catalogue(),
            };
      const trace = (d: Decision) => explainDecision(d, catalogue.features.get(d.feature));
      const considered = options.explain ? Object.fromEntries(decisions.map((d) => [d.feature, trace(d)])) : undefined;
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

type Question = { tenant: string; features: string[] | null; user?: string };
type Options = { requested?: number; at?: Instant; explain: boolean };

function refuseOptions(reply: FastifyReply, issue: { path: PropertyKey[]; message: string } | undefined) {
  return sendProblem(reply, { status: 400, code: "invalid_query", detail: issue?.message ?? "", field: issue?.path.join(".") });
}

type Read = Question | { problem: { field: string; detail: string } };

/** Unknown parameters are ignored; malformed ones are refused by name. */
function readQuestion({ tenant, feature, user }: Query): Read {
  const wrong = (field: string, detail: string) => ({ problem: { field, detail } });
  if (tenant === undefined) return wrong("tenant", "Name the tenant: /api/entitlements?tenant=acme");
  if (Array.isArray(tenant)) return wrong("tenant", "Name one tenant only.");
  if (!tenantKeyPattern.test(tenant)) return wrong("tenant", "A tenant key has 1 to 200 characters and no control characters.");
  if (Array.isArray(user)) return wrong("user", "Name one user only.");
  if (user !== undefined && !tenantKeyPattern.test(user)) return wrong("user", "A user has 1 to 200 characters and no control characters.");
  if (feature === undefined) return { tenant, features: null, user };
  const features = [...new Set(Array.isArray(feature) ? feature : [feature])];
  const bad = features.find((f) => !keyPattern.test(f));
  if (bad === undefined) return { tenant, features, user };
  return wrong("feature", "A feature key begins with a letter or digit and has up to 100 letters, digits, dots, hyphens or underscores.");
}
