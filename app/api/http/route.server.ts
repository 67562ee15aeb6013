import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import type { z } from "zod";
import { type RouteDescription, scopesOf } from "~/api/openapi/describe";
import type { Actor } from "~/core/model";
import type { Act } from "~/core/permissions";
import { byRightOf, RightWithdrawn } from "~/server/authority.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { clientSignal } from "~/server/http/client-aborted";
import { once } from "~/server/http/idempotency.server";
import { actorOfKey } from "~/server/keys/api-keys.server";
import type { CachedKey } from "~/server/keys/key-cache.server";
import { sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { admit } from "./admit.server";
import { type Answered, bodyText, sendAnswer, sendText, storedText } from "./answered.server";
import { withdrawnProblem } from "./authenticate.server";
import { type Conditions, noConditions, readConditions } from "./conditions";
import { readIdempotencyKey } from "./idempotency-key";
import { read } from "./parse.server";
import { type Problem, sendProblem } from "./problem.server";
import { sendUnavailable } from "./unavailable.server";

export type RequestInput<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = {
  services: Services;
  key: CachedKey;
  actor: Actor;
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
  conditions: Conditions;
  headers: FastifyRequest["headers"];
  /** Aborts when the client disconnects early. A function, so that only long work pays for it. */
  signal: () => AbortSignal;
};

type Description<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = RouteDescription<P, Q, B> & {
  act: NonNullable<RouteDescription["act"]>;
};

/** The key of each request once verified. */
const admitted = new WeakMap<FastifyRequest, CachedKey>();

/** Converts "PUT /api/tenants/{key}" to Fastify's form. */
function placeOf(route: string): { method: HTTPMethods; url: string } {
  const [method = "", path = ""] = route.split(" ");
  return { method: method as HTTPMethods, url: path.replace(/\{(\w+)\}/g, ":$1") };
}

/** Authenticates before the body is read, so that a stranger's request costs only a 401. */
function authenticated(services: Services, { act, bound, limit }: Pick<RouteDescription, "act" | "bound" | "limit">) {
  if (act === null) return {};
  const scopes = scopesOf(act);
  return {
    onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      const key = admit(services, request, reply, scopes, { bound, limit });
      if (!key) return;
      admitted.set(request, key);
      done();
    },
  };
}

export const letInAs = (request: FastifyRequest, key: CachedKey) => void admitted.set(request, key);
export const admittedKey = (request: FastifyRequest): CachedKey => admitted.get(request) as CachedKey;

/** For routes added to Fastify directly. */
export const guarded = (services: Services, description: RouteDescription) => ({
  config: { description },
  ...authenticated(services, description),
});

function readAsked<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  services: Services,
  { act, params, query, repeated, body, bodyShown, bodyIsOptional }: Description<P, Q, B>,
  request: FastifyRequest,
  reply: FastifyReply,
): { ok: true; asked: RequestInput<P, Q, B> } | { ok: false; problem: Problem } {
  const schemas: Record<string, z.ZodType> = {};
  if (params) schemas.params = params;
  if (query) schemas.query = query;
  if (body) schemas.body = body;
  const sent = bodyIsOptional && request.body === undefined ? {} : request.body;
  const result = read(
    schemas,
    { params: request.params, query: { ...(request.query as object) }, body: sent },
    { areApart: bodyShown !== undefined, mayRepeat: repeated },
  );
  if (!result.ok) return { ok: false, problem: byItsOwnName(result.problem) };
  const { headers } = request;
  const conditions = request.method === "GET" ? noConditions : readConditions(headers["if-match"], headers["if-none-match"]);
  if ("cannotBe" in conditions) {
    const { cannotBe: field, detail } = conditions;
    return { ok: false, problem: { status: 400, code: "invalid_request", detail, field } };
  }
  const key = admittedKey(request);
  const authority = { kind: "key", id: key.id, acts: [act].flat() as Act[], tenant: key.tenant } as const;
  const asked = {
    services: byRightOf(services, authority),
    key,
    actor: actorOfKey(key, request.ip),
    conditions,
    headers,
    signal: () => clientSignal(reply),
    ...result.sent,
  };
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
      const read = readAsked(services, description, request, reply);
      if (!read.ok) return sendProblem(reply, read.problem);
      const answered = await answer(read.asked).catch((error) => withdrawnOr(error, unavailable));
      if (answered === unavailable || isDoubtful(services, answered as Answered)) {
        return sendUnavailable(new FactsUnavailable("facts"), reply);
      }
      return sendAnswer(reply, answered as Answered, request.headers["if-none-match"]);
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
      const read = readAsked(services, description, request, reply);
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
  const kept = (result: Result) => storedText(answer(result, asked), request.id);
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
