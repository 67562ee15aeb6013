import type { FastifyInstance, RouteOptions } from "fastify";
import type { z } from "zod";
import type { BodyLimits } from "~/api/http/body-limits";
import { type Act, type ApiScope, scopesFor } from "~/core/permissions";
import type { ProblemExample } from "./problem-examples";

/** One response of a route. Without a schema it has no JSON body. */
export type DescribedAnswer = {
  what: string;
  schema?: z.ZodType;
  /** Defaults to application/json. */
  type?: string | string[];
  /** Defaults to the example in examples.ts with the schema's id. */
  example?: unknown;
  /** For a file, which is text in its other types. */
  exampleAsJson?: object;
  /** Several named examples instead of one. */
  examples?: { [name: string]: unknown };
  headers?: readonly AnswerHeader[];
};

export type AnswerHeader = "ETag" | "Idempotency-Replayed" | "Cache-Control";
export type RequestHeader = "If-Match" | "If-None-Match" | "Idempotency-Key" | "Last-Event-ID" | "Prefer";

/**
 * Describes a route next to its code, so that validation and description agree. Status codes that follow from it (401,
 * 403, 429 of keys; 413, 415 of bodies; 500) are added automatically.
 */
export type RouteDescription<P = z.ZodObject, Q = z.ZodObject, B = z.ZodType> = {
  /** operationId: the function name in generated clients. */
  id: string;
  tag:
    | "Checks"
    | "OpenFeature"
    | "Usage"
    | "Search"
    | "Tenants"
    | "Grants"
    | "Plans"
    | "Features"
    | "Catalogue"
    | "Audit"
    | "PostHog"
    | "Jobs"
    | "Requests"
    | "Keys"
    | "Description";
  summary: string;
  detail?: string;
  /** What the key has to be allowed, any of several, or null for everyone. */
  act: Act | readonly Act[] | null;
  /** Keys bound to a tenant may call it; the route checks the tenant. */
  bound?: true;
  /** Items about other tenants are refused separately in a successful response. */
  forbidsInResult?: true;
  /** The limit it counts against, if the act does not determine it. */
  limit?: "checks" | "requests";
  /** Names in the path. */
  params?: P;
  query?: Q;
  /** Query parameters that may be given more than once. */
  repeated?: readonly string[];
  headers?: readonly RequestHeader[];
  body?: B;
  /** Left out: defaultBodyLimits. */
  bodyLimits?: BodyLimits;
  /** Described instead of `body` if its items are validated and refused separately. */
  bodyShown?: z.ZodType;
  /** Defaults to application/json. */
  bodyTypes?: readonly string[];
  /** An empty body means {}. */
  bodyIsOptional?: boolean;
  bodyExample?: unknown;
  /** For a file, which is text in its other types. */
  bodyExampleAsJson?: object;
  answers: { [status: number]: DescribedAnswer };
  /** status → codes of its problems. */
  problems?: { [status: number]: readonly string[] };
  /** By code, or "409 code": this route's example, if it differs from problem-examples.ts. */
  problemExamples?: { [code: string]: ProblemExample };
  /** Errors with their own schema, such as OFREP's: status → schema instead of a problem. */
  ownProblems?: { [status: number]: DescribedAnswer };
};

/** A key needs one of these scopes. */
export const scopesOf = (act: Act | readonly Act[]): readonly ApiScope[] => scopesFor([act].flat() as Act[]);

/** For routes added to Fastify directly: `app.get(path, { config: describe({ … }) }, handler)`. */
export const describe = (description: RouteDescription) => ({ description });

declare module "fastify" {
  interface FastifyContextConfig {
    description?: RouteDescription;
    /** The route only refuses. */
    refuses?: true;
  }
}

export type DescribedRoute = { method: string; path: string; description: RouteDescription | undefined };

declare module "fastify" {
  interface FastifyInstance {
    describedRoutes: DescribedRoute[];
  }
}

/** Records every API route added from here on with its description. Paths are OpenAPI's. */
export function noteDescriptions(app: FastifyInstance): DescribedRoute[] {
  const routes: DescribedRoute[] = [];
  app.decorate("describedRoutes", routes);
  app.addHook("onRoute", ({ url, method, config }: RouteOptions) => {
    if (config?.refuses || !/^\/(api|ofrep)\//.test(url)) return;
    const path = url.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{key}");
    for (const m of [method].flat()) {
      // GET routes also answer HEAD; OPTIONS is for preflights.
      if (m !== "HEAD" && m !== "OPTIONS") routes.push({ method: m, path, description: config?.description });
    }
  });
  return routes;
}
