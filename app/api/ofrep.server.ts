import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Decision } from "~/core/decision/decide";
import type { Feature } from "~/core/model";
import { scopesFor } from "~/core/permissions";
import { ofrepFlag } from "~/core/posthog/ofrep";
import { type OfrepAsker, type OfrepRefusal, readContext } from "~/core/posthog/ofrep-context";
import { effective } from "~/core/schedules/effective";
import type { TenantContext } from "~/server/checks/check.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { CachedKey } from "~/server/keys/key-cache.server";
import type { Services } from "~/server/services.server";
import { limitProblem } from "./http/admit.server";
import { askerOf, whoAsks } from "./http/authenticate.server";
import { evaluateAllPath, evaluateOnePath, ofrepStreamPath } from "./http/check-paths";
import { etagOf, matchesEtag } from "./http/etag.server";
import type { Problem } from "./http/problem.server";
import { failedProblem } from "./http/refusals.server";
import { admittedKey, letInAs } from "./http/route.server";
import { factsUnavailable } from "./http/unavailable.server";
import { evaluateFlag, evaluateFlags } from "./openapi/ofrep-descriptions";

/** In ms. A ticket is valid for one to two of these, and equal within one, so that equal state has equal bytes. */
export const ticketBucket = 600_000;
/** In seconds. OpenFeature clients use it only with 429. */
const retryAfter = "2";

const checkScopes = scopesFor(["checks.ask"]);

type Asked = FastifyRequest<{ Params: { "*"?: string } }>;
type Known = { key: CachedKey; asker: OfrepAsker; context: TenantContext };

/** OpenFeature Remote Evaluation Protocol 0.3. Requires the scope `check`. Answers match /api/entitlements. */
export async function ofrepApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts, tokens, now } = services;
  const groupType = services.env.posthog?.groupType ?? "organization";

  app.setErrorHandler((error: Partial<FastifyError>, request: Asked, reply) => {
    const problem = failedProblem(error, request);
    const isUnreadable = problem.code === "invalid_json" || (problem.code === "invalid_request" && problem.field === "body");
    if (problem.status === 503)
      return refuse(request, reply.header("retry-after", retryAfter), 429, "GENERAL", problem.detail, problem.code);
    return refuse(request, reply, problem.status, isUnreadable ? "PARSE_ERROR" : "GENERAL", problem.detail);
  });

  /** Before the body is read. */
  function letIn(request: Asked, reply: FastifyReply, done: () => void) {
    const key = whoAsks(services, request, checkScopes, { bound: true });
    const problem = "status" in key ? key : limitProblem(services, key, reply, "checks");
    if (problem) return void refuseProblem(request, reply, problem);
    letInAs(request, key as CachedKey);
    done();
  }

  /** `features` null means all. Returns null if the response was sent. */
  async function meet(request: Asked, reply: FastifyReply, features: string[] | null): Promise<Known | null> {
    const key = admittedKey(request);
    const asker = readContext(request.body, key.tenant, groupType);
    if ("errorCode" in asker) return refuseContext(request, reply, asker);
    try {
      const context = await checks.context(asker.tenant, asker.user, features, askerOf(key));
      return { key, asker, context };
    } catch (error) {
      if (!(error instanceof FactsUnavailable)) throw error;
      return refuseProblem(request, reply, {
        status: 429,
        code: "facts_unavailable",
        detail: factsUnavailable,
        headers: { "retry-after": retryAfter },
      });
    }
  }

  app.post(`${evaluateOnePath}*`, { config: { description: evaluateFlag }, onRequest: letIn }, async (request: Asked, reply) => {
    const name = flagOf(request);
    const known = await meet(request, reply, [name]);
    if (!known) return reply;
    const feature = facts.catalogue().features.get(name);
    if (!feature) return refuse(request, reply, 404, "FLAG_NOT_FOUND", `There is no feature ${name.slice(0, 100)}.`);
    const { context, asker } = known;
    if (context.held.facts === null) return refuse(request, reply, 400, "INVALID_CONTEXT", `There is no tenant ${asker.tenant}.`);
    const at = now();
    const { decisions, body } = checks.answerFrom(context, [name], at);
    checks.count({ context, decisions });
    const [decision] = decisions;
    if (!decision) throw new Error("A known feature got no decision.");
    const catalogue = facts.catalogue();
    const tenantThen = effective(context.held.facts, catalogue, at);
    const flag = ofrepFlag(decision, feature, { key: asker.tenant, tenant: tenantThen }, catalogue);
    const { revision, isStale } = body;
    return send(reply, JSON.stringify({ ...flag, metadata: { ...flag.metadata, revision, ...(isStale ? { isStale } : {}) } }));
  });

  /** A missing tenant gets every flag off: after an error a web client would keep the previous tenant's flags. */
  app.post(evaluateAllPath, { config: { description: evaluateFlags }, onRequest: letIn }, async (request: Asked, reply) => {
    const known = await meet(request, reply, null);
    if (!known) return reply;
    const { key, context, asker } = known;
    const at = now();
    const { decisions, body } = checks.answerFrom(context, null, at);
    checks.count({ context, decisions: null });
    // A stream reports the tenant's decisions, independent of the user.
    const ofTenant = asker.user === undefined ? context : await checks.context(asker.tenant);
    const streamed = ofTenant.flags === context.flags ? decisions : checks.answerFrom(ofTenant, null, at).decisions;
    const catalogue = facts.catalogue();
    const tenantThen = context.held.facts && effective(context.held.facts, catalogue, at);
    const flags = decisions.map((d) =>
      ofrepFlag(d, catalogue.features.get(d.feature) as Feature, { key: asker.tenant, tenant: tenantThen }, catalogue),
    );
    const { tenant, plan, revision, isStale } = body;
    const metadata = { tenant, ...(plan === null ? {} : { plan }), revision, ...(isStale ? { isStale } : {}) };
    const eventStreams = context.held.facts === null ? [] : [streamOf(key, asker.tenant, streamed)];
    const text = JSON.stringify({ flags, metadata, ...(eventStreams.length > 0 ? { eventStreams } : {}) });
    // The tenant and the ticket's time are part of the bytes, and so of the tag.
    const etag = etagOf(text);
    reply.header("etag", etag);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).header("cache-control", "no-store").send();
    return send(reply, text);
  });

  /** A stream opened after a change reports it immediately. */
  function streamOf(key: CachedKey, tenant: string, decisions: Decision[]) {
    const requestUri = `${ofrepStreamPath}?ticket=${ticketFor(key, tenant)}&since=${services.streams.markOf(decisions)}`;
    return { type: "sse", endpoint: { requestUri }, inactivityDelaySec: 120 };
  }

  function ticketFor(key: CachedKey, tenant: string): string {
    const since = Math.floor(now() / ticketBucket) * ticketBucket;
    const until = since + 2 * ticketBucket;
    const [issuedAt, expiresAt] = [Math.max(since, key.createdAt), Math.min(until, key.expiresAt ?? until)];
    return tokens.mint("sse", { key: key.id, tenant, issuedAt, expiresAt });
  }
}

/** The flag that a URL names, still encoded; null for other paths. */
const writtenName = (url: string): string | null =>
  url.startsWith(evaluateOnePath) ? (url.slice(evaluateOnePath.length).split("?", 1)[0] as string) : null;

/** For a refusal before the router: the flag that a single evaluation names, as `key` of its answer. */
export function keyIn(url: string): { key?: string } {
  const written = writtenName(url);
  if (written === null) return {};
  try {
    return { key: decodeURIComponent(written) };
  } catch {
    return { key: written };
  }
}

/**
 * A flag name that cannot be decoded, such as "100%", names no feature: clients send names unencoded. Returns false for
 * other requests.
 */
export function refuseUnreadableName(request: FastifyRequest, reply: FastifyReply): boolean {
  const { method, url } = request;
  const key = writtenName(url);
  if (method !== "POST" || key === null) return false;
  const errorDetails = "The feature name is invalid. Percent-encode it in the URL: 100%25 for 100%.";
  send(reply.code(404), JSON.stringify({ key, errorCode: "FLAG_NOT_FOUND", errorDetails }));
  return true;
}

const flagOf = ({ params }: Asked) => params["*"] ?? "";

function send(reply: FastifyReply, text: string) {
  return reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-store").send(text);
}

/** Every refusal of a single evaluation has `key`: without it clients report an invalid response instead of the reason. */
function refuse(request: Asked, reply: FastifyReply, status: number, errorCode: string, errorDetails: string, code?: string) {
  const key = request.params["*"];
  const body = { ...(key === undefined ? {} : { key }), errorCode, errorDetails, ...(code === undefined ? {} : { code }) };
  return send(reply.code(status), JSON.stringify(body));
}

function refuseProblem(request: Asked, reply: FastifyReply, { status, code, detail, headers = {} }: Problem): null {
  refuse(request, reply.headers(headers), status, "GENERAL", detail, code);
  return null;
}

function refuseContext(request: Asked, reply: FastifyReply, { errorCode, details }: OfrepRefusal): null {
  if (errorCode === "FORBIDDEN") refuse(request, reply, 403, "GENERAL", details, "tenant_forbidden");
  else refuse(request, reply, 400, errorCode, details);
  return null;
}
