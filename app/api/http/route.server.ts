import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { z } from "zod";
import type { RouteDescription } from "~/api/openapi/describe";
import type { Actor } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { byRightOf, RightWithdrawn } from "~/server/authority.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { once } from "~/server/http/idempotency.server";
import { actorOfKey } from "~/server/keys/api-keys.server";
import type { ApiScope, CachedKey } from "~/server/keys/key-cache.server";
import { sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { admit } from "./admit.server";
import { withdrawnProblem } from "./authenticate.server";
import { type Conditions, noConditions, readConditions, revisionTag } from "./conditions";
import { matchesEtag } from "./etag.server";
import { readIdempotencyKey } from "./idempotency-key";
import { read } from "./parse.server";
import { type Problem, problemBody, sendProblem, sendProblemText } from "./problem.server";
import { sendUnavailable } from "./unavailable.server";

/**
 * A route's response. `tag` is its ETag, which defaults to `revision` in the body. A string is sent as it is with its
 * own type; `json` is a serialized body of a write.
 */
export type Answered =
  | { status: number; body?: object | string; json?: string; type?: string; tag?: string; headers?: Record<string, string> }
  | { problem: Problem };

export type RequestInput<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = {
  services: Services;
  key: CachedKey;
  actor: Actor;
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
  conditions: Conditions;
  headers: FastifyRequest["headers"];
};

type Description<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = RouteDescription<P, Q, B> & {
  scope: NonNullable<RouteDescription["scope"]>;
};

/** The key of each request once verified. */
const admitted = new WeakMap<FastifyRequest, CachedKey>();

/** Converts "PUT /api/tenants/{key}" to Fastify's form. */
function placeOf(route: string): { method: HTTPMethods; url: string } {
  const [method = "", path = ""] = route.split(" ");
  return { method: method as HTTPMethods, url: path.replace(/\{(\w+)\}/g, ":$1") };
}

/** Authenticates before the body is read, so that a stranger's request costs only a 401. */
function door(services: Services, { scope, bound, limit }: Pick<RouteDescription, "scope" | "bound" | "limit">) {
  if (scope === null) return {};
  return {
    onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      const key = admit(services, request, reply, scope, { bound, limit });
      if (!key) return;
      admitted.set(request, key);
      done();
    },
  };
}

export const letInAs = (request: FastifyRequest, key: CachedKey) => void admitted.set(request, key);
export const admittedKey = (request: FastifyRequest): CachedKey => admitted.get(request) as CachedKey;

/** For routes added to Fastify directly. */
export const guarded = (services: Services, description: RouteDescription) => ({ config: { description }, ...door(services, description) });

function readAsked<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  services: Services,
  { scope, params, query, body, bodyShown, bodyIsOptional }: Description<P, Q, B>,
  request: FastifyRequest,
): { ok: true; asked: RequestInput<P, Q, B> } | { ok: false; problem: Problem } {
  const schemas: Record<string, z.ZodType> = {};
  if (params) schemas.params = params;
  if (query) schemas.query = query;
  if (body) schemas.body = body;
  const sent = bodyIsOptional && request.body === undefined ? {} : request.body;
  const result = read(
    schemas,
    { params: request.params, query: { ...(request.query as object) }, body: sent },
    { areApart: bodyShown !== undefined },
  );
  if (!result.ok) return { ok: false, problem: byItsOwnName(result.problem) };
  const { headers } = request;
  const conditions = request.method === "GET" ? noConditions : readConditions(headers["if-match"], headers["if-none-match"]);
  if ("cannotBe" in conditions) {
    const { cannotBe: field, detail } = conditions;
    return { ok: false, problem: { status: 400, code: "invalid_request", detail, field } };
  }
  const key = admittedKey(request);
  const authority = { kind: "key", id: key.id, scopes: [scope].flat() as ApiScope[], tenant: key.tenant } as const;
  const asked = { services: byRightOf(services, authority), key, actor: actorOfKey(key, request.ip), conditions, headers, ...result.sent };
  return { ok: true, asked: asked as unknown as RequestInput<P, Q, B> };
}

/** Path parameters are reported without prefix. */
const bare = (field: string) => field.replace(/^params\./, "");
export const byItsOwnName = (problem: Problem): Problem => ({
  ...problem,
  field: problem.field === undefined ? undefined : bare(problem.field),
  errors: problem.errors?.map((e) => ({ ...e, field: bare(e.field) })),
});

/** Adds a route that changes nothing. */
export function addRead<P extends z.ZodObject, Q extends z.ZodObject>(
  app: FastifyInstance,
  services: Services,
  route: string,
  description: Description<P, Q, z.ZodUndefined>,
  answer: (asked: RequestInput<P, Q, z.ZodUndefined>) => Promise<Answered>,
) {
  app.route({
    ...placeOf(route),
    ...guarded(services, description as unknown as RouteDescription),
    handler: async (request, reply) => {
      const read = readAsked(services, description, request);
      if (!read.ok) return sendProblem(reply, read.problem);
      const answered = await answer(read.asked).catch((error) => withdrawnOr(error, unavailable));
      if (answered === unavailable || isDoubtful(services, answered as Answered)) {
        return sendUnavailable(new FactsUnavailable("facts"), reply);
      }
      return send(reply, answered as Answered, request.headers["if-none-match"]);
    },
  });
}

/** Some reads leave a trace, and so need the right to write it. */
function withdrawnOr<T>(error: unknown, otherwise: (error: unknown) => T): Answered | T {
  return error instanceof RightWithdrawn ? { problem: withdrawnProblem(error) } : otherwise(error);
}

/** What is missing in a database that may be behind may exist. */
const isDoubtful = ({ facts }: Services, answered: Answered) => "problem" in answered && answered.problem.status === 404 && facts.isStale();

function unavailable(error: unknown) {
  if (error instanceof FactsUnavailable) return unavailable;
  throw error;
}

export type WriteOptions<A> = {
  /** Runs before any transaction. Its refusal is not stored, because nothing was begun. */
  whyNot?: (asked: A) => Promise<Problem | null>;
  /** ETag of a response without a `revision`, from its text. */
  tagOf?: (text: string) => string;
  /**
   * `act` returns something other than its transaction's result, so the answer is stored afterwards. Repeating it
   * changes nothing.
   */
  isSafeToRepeat?: true;
};

/** Adds a route that changes something: `act` does it, `answer` makes the response. Repeatable with an Idempotency-Key. */
export function addWrite<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, Result>(
  app: FastifyInstance,
  services: Services,
  route: string,
  description: Description<P, Q, B>,
  act: (asked: RequestInput<P, Q, B>) => Promise<Result>,
  answer: (result: Result, asked: RequestInput<P, Q, B>) => Answered,
  options: WriteOptions<RequestInput<P, Q, B>> = {},
) {
  const { whyNot, tagOf } = options;
  app.route({
    ...placeOf(route),
    ...guarded(services, description as unknown as RouteDescription),
    handler: async (request, reply) => {
      const read = readAsked(services, description, request);
      if (!read.ok) return sendProblem(reply, read.problem);
      const { asked } = read;
      try {
        const header = request.headers["idempotency-key"];
        if (header !== undefined) return await sendOnce(String(header), request, reply, asked, act, answer, options);
        const problem = await whyNot?.(asked);
        if (problem) return sendProblem(reply, problem);
        const answered = answer(await act(asked), asked);
        if (isDoubtful(services, answered)) throw new FactsUnavailable("facts");
        if ("problem" in answered) return sendProblem(reply, answered.problem);
        const { status, tag } = answered;
        return sendText(reply, status, bodyText(answered), tag === undefined ? tagOf : () => tag);
      } catch (error) {
        if (error instanceof RightWithdrawn) return sendProblem(reply, withdrawnProblem(error));
        return sendUnavailable(error, reply);
      }
    },
  });
}

async function sendOnce<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType, Result>(
  header: string,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: RequestInput<P, Q, B>,
  act: (asked: RequestInput<P, Q, B>) => Promise<Result>,
  answer: (result: Result, asked: RequestInput<P, Q, B>) => Answered,
  { whyNot, isSafeToRepeat, tagOf }: WriteOptions<RequestInput<P, Q, B>>,
) {
  const field = "Idempotency-Key";
  const key = readIdempotencyKey(header);
  if (key === null) {
    const detail = 'An Idempotency-Key has 1 to 255 visible ASCII characters, in "quotes" or bare.';
    return sendProblem(reply, { status: 400, code: "invalid_request", detail, field });
  }
  const { body = null } = request;
  const conditions = [request.headers["if-match"] ?? null, request.headers["if-none-match"] ?? null];
  const fingerprint = sha256(JSON.stringify([request.method, request.url, conditions, body]));
  const kept = (result: Result) => textOf(answer(result, asked), request.id);
  const work = (services: Services) => act({ ...asked, services });
  const done = await once(asked.services, { principal: asked.key.id, key }, fingerprint, work, kept, {
    inItsTransaction: !isSafeToRepeat,
    whyNot: async () => (await whyNot?.(asked)) ?? null,
  });
  if (done.is === "running") {
    const detail = "The first request with this Idempotency-Key is still being worked on. Ask again in a moment.";
    return sendProblem(reply, { status: 409, code: "idempotency_key_in_use", detail, field, headers: { "retry-after": "1" } });
  }
  if (done.is === "other") {
    const detail = "This Idempotency-Key was used for another request. Give every request its own.";
    return sendProblem(reply, { status: 422, code: "idempotency_key_reused", detail, field });
  }
  if (done.is === "refused") return sendProblem(reply, done.why);
  if (done.replayed) reply.header("idempotency-replayed", "true");
  return sendText(reply, done.status, done.body, tagOf);
}

const bodyText = ({ body, json }: { body?: object | string; json?: string }) => json ?? (body === undefined ? "" : JSON.stringify(body));

function textOf(answered: Answered, requestId: string): { status: number; body: string } {
  if ("problem" in answered) return { status: answered.problem.status, body: problemBody(answered.problem, requestId) };
  return { status: answered.status, body: bodyText(answered) };
}

/** Sends a write's response. */
function sendText(reply: FastifyReply, status: number, body: string, tagOf?: (text: string) => string) {
  if (status >= 400) return sendProblemText(reply, status, body);
  reply.code(status).header("cache-control", "no-store");
  if (body === "") return reply.send();
  const tag = (tagOf ?? tagOfRevision)(body);
  if (tag !== null) reply.header("etag", tag);
  return reply.header("content-type", "application/json; charset=utf-8").send(body);
}

function tagOfRevision(body: string): string | null {
  const { revision } = JSON.parse(body) as { revision?: number };
  return revision === undefined ? null : revisionTag(revision);
}

/** Sends a read's response. */
function send(reply: FastifyReply, answered: Answered, noneMatch: string | undefined) {
  if ("problem" in answered) return sendProblem(reply, answered.problem);
  const { status, body, type, headers } = answered;
  reply.code(status).header("cache-control", "no-store");
  if (headers) reply.headers(headers);
  const { revision } = (typeof body === "object" ? body : {}) as { revision?: number };
  const tag = answered.tag ?? (revision === undefined ? null : revisionTag(revision));
  if (tag !== null) {
    reply.header("etag", tag);
    if (matchesEtag(noneMatch, tag)) return reply.code(304).send();
  }
  if (typeof body === "string") return reply.header("content-type", type ?? "text/plain; charset=utf-8").send(body);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(body));
}

const missing = new Set(["tenant_not_found", "grant_not_found"]);
const conflicts = new Set(["tenant_exists", "grant_overlaps", "grant_over", "plan_in_use", "plan_exists", "feature_exists"]);

/** `gone`: codes about the object named in the path, answered as 404. */
export function refusalProblem({ code, message, field }: Refusal, ...gone: string[]): { problem: Problem } {
  const status = missing.has(code) || gone.includes(code) ? 404 : code === "stale" ? 412 : conflicts.has(code) ? 409 : 422;
  return { problem: { status, code, detail: message, field } };
}
