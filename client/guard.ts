import type { Decision } from "./answer.js";
import type { CheckOptions } from "./latchkey.js";

export type RequireOptions<Request> = {
  /** The tenant of the request, from your session. Without one access is denied. */
  tenant: (request: Request) => string | null | undefined | Promise<string | null | undefined>;
  user?: (request: Request) => string | undefined | Promise<string | undefined>;
  requested?: number;
};

/** RFC 9457 with status 403. `code` is the decision's reason. */
export type Problem = {
  type: "about:blank";
  title: "Forbidden";
  status: 403;
  detail: string;
  code: string;
  feature: string;
  availableIn?: readonly string[];
  askUrl?: string;
};

/** The used part of node:http's response, which Express extends. */
export type NodeResponse = { statusCode: number; setHeader(name: string, value: string): unknown; end(body: string): unknown };
export type FastifyReplyLike = { code(status: number): unknown; header(name: string, value: string): unknown; send(body: string): unknown };

export type Guard<Request> = {
  /** Express: `app.get("/sso", guard, handler)`. Fastify: `{ preHandler: guard }`. */
  (request: Request, response: NodeResponse | FastifyReplyLike, next: (error?: Error) => void): void;
  /** Remix and others: `await guard(args)` returns the decision or throws a Response. */
  (request: Request): Promise<Decision>;
  /** For handlers that return: the refusal, or null if the tenant is entitled. */
  refusal(request: Request): Promise<Response | null>;
};

type Decide = (tenant: string, feature: string, options?: CheckOptions) => Promise<Decision>;

const headers = { "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store" };

export function createGuard<Request>(decide: Decide, feature: string, options: RequireOptions<Request>): Guard<Request> {
  async function check(request: Request): Promise<Decision> {
    const tenant = await options.tenant(request);
    if (tenant === null || tenant === undefined || tenant === "") return nobody(feature);
    return decide(tenant, feature, { user: await options.user?.(request), requested: options.requested });
  }

  function guard(request: Request): Promise<Decision>;
  function guard(request: Request, response: NodeResponse | FastifyReplyLike, next: (error?: Error) => void): void;
  function guard(request: Request, response?: NodeResponse | FastifyReplyLike, next?: (error?: Error) => void) {
    const checked = check(request);
    if (!response || !next) {
      return checked.then((decision) => {
        if (decision.entitled) return decision;
        throw new Response(problemOf(decision), { status: 403, headers });
      });
    }
    checked.then((decision) => {
      if (decision.entitled) return next();
      try {
        refuse(response, decision);
      } catch (error) {
        // A response was already sent.
        next(error as Error);
      }
    }, next);
  }

  const refusal = async (request: Request) => {
    const decision = await check(request);
    return decision.entitled ? null : new Response(problemOf(decision), { status: 403, headers });
  };
  return Object.assign(guard, { refusal });
}

function refuse(response: NodeResponse | FastifyReplyLike, decision: Decision): void {
  const body = problemOf(decision);
  const isFastify = "code" in response;
  if (isFastify) response.code(403);
  else response.statusCode = 403;
  for (const [name, value] of Object.entries(headers)) {
    if (isFastify) response.header(name, value);
    else response.setHeader(name, value);
  }
  if (isFastify) response.send(body);
  else response.end(body);
}

function problemOf({ reason, feature, availableIn, askUrl }: Decision): string {
  const problem: Problem = {
    type: "about:blank",
    title: "Forbidden",
    status: 403,
    detail: reason.message,
    code: reason.code,
    feature,
    ...(availableIn ? { availableIn } : {}),
    ...(askUrl ? { askUrl } : {}),
  };
  return JSON.stringify(problem);
}

const nobody = (feature: string): Decision => ({
  tenant: "",
  feature,
  entitled: false,
  type: null,
  source: null,
  reason: { code: "tenant_missing", message: "This request belongs to no tenant." },
  expiresAt: null,
  validUntil: null,
  sources: [],
  from: "latchkey",
});
