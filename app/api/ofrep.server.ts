import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Decision } from "~/core/decide";
import type { Feature } from "~/core/model";
import { ofrepFlag } from "~/core/ofrep";
import { type OfrepAsker, type OfrepRefusal, readContext } from "~/core/ofrep-context";
import type { Ground } from "~/server/check.server";
import { FactsUnavailable } from "~/server/facts-cache.server";
import { hasLeft } from "~/server/has-left";
import type { HeldKey } from "~/server/key-ring.server";
import { closeLingering } from "~/server/lingering-close.server";
import type { Services } from "~/server/services.server";
import { limitProblem } from "./admit.server";
import { askerOf, whoAsks } from "./authenticate.server";
import { etagOf, matchesEtag } from "./etag.server";
import { limitsOf } from "./json-bodies.server";
import { evaluateFlag, evaluateFlags } from "./ofrep-descriptions";
import type { Problem } from "./problem.server";
import { cutOff, problemOf } from "./refusals.server";
import { keyOf, letInAs } from "./route.server";

export const ofrepStreamPath = "/ofrep/v1/stream";
/** A stream's ticket is good for one to two of these, in ms, and the same within one, so that equal state has equal bytes. */
export const ticketBucket = 600_000;
/** Seconds; OpenFeature's clients heed it on 429 alone. */
const retryAfter = "2";

type Asked = FastifyRequest<{ Params: { "*"?: string } }>;
type Known = { key: HeldKey; asker: OfrepAsker; ground: Ground };

/** OpenFeature's remote evaluation, 0.3. Who may call: keys and tokens with the scope `check`. Answers are those of /api/entitlements. */
export async function ofrepApi(app: FastifyInstance, { services }: { services: Services }) {
  const { checks, facts, tokens, now } = services;
  const groupType = services.env.posthog?.groupType ?? "organization";

  app.setErrorHandler((error: Partial<Error & { statusCode: number; code: string }>, request: Asked, reply) => {
    const problem = problemOf(hasLeft(request) ? cutOff : (error as Parameters<typeof problemOf>[0]), limitsOf(request));
    if (problem.status >= 500) request.log.error({ err: error, req: request }, "request failed");
    if (problem.status === 413) closeLingering(request.raw);
    const isUnreadable = problem.code === "invalid_json" || (problem.code === "invalid_request" && problem.field === "body");
    if (problem.status === 503)
      return refuse(request, reply.header("retry-after", retryAfter), 429, "GENERAL", problem.detail, problem.code);
    return refuse(request, reply, problem.status, isUnreadable ? "PARSE_ERROR" : "GENERAL", problem.detail);
  });

  /** Before the body is read. */
  function letIn(request: Asked, reply: FastifyReply, done: () => void) {
    const key = whoAsks(services, request, "check", { bound: true });
    const problem = "status" in key ? key : limitProblem(services, key, reply, "checks");
    if (problem) return void refuseProblem(request, reply, problem);
    letInAs(request, key as HeldKey);
    done();
  }

  /** `features` null: all. Null: it is answered. */
  async function meet(request: Asked, reply: FastifyReply, features: string[] | null): Promise<Known | null> {
    const key = keyOf(request);
    const asker = readContext(request.body, key.tenant, groupType);
    if ("errorCode" in asker) return refuseContext(request, reply, asker);
    try {
      const ground = await checks.ground(asker.tenant, asker.user, features, askerOf(key));
      return { key, asker, ground };
    } catch (error) {
      if (!(error instanceof FactsUnavailable)) throw error;
      const detail = "The database cannot be read and this tenant is not in memory. Ask again in a moment.";
      return refuseProblem(request, reply, { status: 429, code: "facts_unavailable", detail, headers: { "retry-after": retryAfter } });
    }
  }

  app.post(`${flagPath}*`, { config: { description: evaluateFlag }, onRequest: letIn }, async (request: Asked, reply) => {
    const name = flagOf(request);
    const known = await meet(request, reply, [name]);
    if (!known) return reply;
    const feature = facts.catalogue().features.get(name);
    if (!feature) return refuse(request, reply, 404, "FLAG_NOT_FOUND", `There is no feature ${name.slice(0, 100)}.`);
    const { ground, asker } = known;
    if (ground.held.facts === null) return refuse(request, reply, 400, "INVALID_CONTEXT", `There is no tenant ${asker.tenant}.`);
    const { decisions, body } = checks.answerFrom(ground, [name], now());
    checks.count({ ground, decisions });
    const [decision] = decisions;
    if (!decision) throw new Error("A known feature got no decision.");
    const flag = ofrepFlag(decision, feature, { key: asker.tenant, tenant: ground.held.facts }, facts.catalogue());
    const { revision, isStale } = body;
    return send(reply, JSON.stringify({ ...flag, metadata: { ...flag.metadata, revision, ...(isStale ? { isStale } : {}) } }));
  });

  /** A tenant that does not exist gets every flag off: after a refusal a web client would keep the former tenant's flags. */
  app.post("/ofrep/v1/evaluate/flags", { config: { description: evaluateFlags }, onRequest: letIn }, async (request: Asked, reply) => {
    const known = await meet(request, reply, null);
    if (!known) return reply;
    const { key, ground, asker } = known;
    const at = now();
    const { decisions, body } = checks.answerFrom(ground, null, at);
    checks.count({ ground, decisions: null });
    // A stream tells of what is decided of the tenant, whoever listens.
    const ofTenant = asker.user === undefined ? ground : await checks.ground(asker.tenant);
    const streamed = ofTenant.flags === ground.flags ? decisions : checks.answerFrom(ofTenant, null, at).decisions;
    const catalogue = facts.catalogue();
    const flags = decisions.map((d) =>
      ofrepFlag(d, catalogue.features.get(d.feature) as Feature, { key: asker.tenant, tenant: ground.held.facts }, catalogue),
    );
    const { tenant, plan, revision, isStale } = body;
    const metadata = { tenant, ...(plan === null ? {} : { plan }), revision, ...(isStale ? { isStale } : {}) };
    const eventStreams = ground.held.facts === null ? [] : [streamOf(key, asker.tenant, streamed)];
    const text = JSON.stringify({ flags, metadata, ...(eventStreams.length > 0 ? { eventStreams } : {}) });
    // The tenant and the ticket's time stand in the bytes, so the tag is another one when either is.
    const etag = etagOf(text);
    reply.header("etag", etag);
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).header("cache-control", "no-store").send();
    return send(reply, text);
  });

  /** A stream that begins after something changed says so at once. */
  function streamOf(key: HeldKey, tenant: string, decisions: Decision[]) {
    const requestUri = `${ofrepStreamPath}?ticket=${ticketFor(key, tenant)}&since=${services.streams.markOf(decisions)}`;
    return { type: "sse", endpoint: { requestUri }, inactivityDelaySec: 120 };
  }

  function ticketFor(key: HeldKey, tenant: string): string {
    const since = Math.floor(now() / ticketBucket) * ticketBucket;
    const until = since + 2 * ticketBucket;
    const [issuedAt, expiresAt] = [Math.max(since, key.createdAt), Math.min(until, key.expiresAt ?? until)];
    return tokens.mint("sse", { key: key.id, tenant, issuedAt, expiresAt });
  }
}

const flagPath = "/ofrep/v1/evaluate/flags/";

/** For a refusal before the router: the flag that a single evaluation names, as `key` of its answer. */
export function keyIn(url: string): { key?: string } {
  if (!url.startsWith(flagPath)) return {};
  const written = url.slice(flagPath.length).split("?", 1)[0] as string;
  try {
    return { key: decodeURIComponent(written) };
  } catch {
    return { key: written };
  }
}

/** A flag's name that cannot be read, such as "100%", names no feature: clients send names as they are. False: this is no such request. */
export function refuseUnreadableName(request: FastifyRequest, reply: FastifyReply): boolean {
  const { method, url } = request;
  if (method !== "POST" || !url.startsWith(flagPath)) return false;
  const key = url.slice(flagPath.length).split("?")[0] as string;
  const errorDetails = "This is no name of a feature. Send it as an address has it: 100%25 for 100%.";
  send(reply.code(404), JSON.stringify({ key, errorCode: "FLAG_NOT_FOUND", errorDetails }));
  return true;
}

const flagOf = ({ params }: Asked) => params["*"] ?? "";

function send(reply: FastifyReply, text: string) {
  return reply.header("content-type", "application/json; charset=utf-8").header("cache-control", "no-store").send(text);
}

/** `key` stands in every refusal of a single evaluation: without it clients report a broken answer instead of the reason. */
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
