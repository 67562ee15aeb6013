import type { z } from "zod";
import type { BodyLimits } from "./body-limits";
import type { ProblemExample } from "./problem-examples";

/** What one answer of a route looks like. Without a schema it has no body of JSON. */
export type DescribedAnswer = {
  what: string;
  schema?: z.ZodType;
  /** Left out: application/json. */
  type?: string | string[];
  /** Left out: what examples.ts has for the id of the schema. */
  example?: unknown;
  /** Of a file, which is text in its other types. */
  exampleAsJson?: object;
  /** In place of one: several, by name. */
  examples?: { [name: string]: unknown };
  headers?: readonly AnswerHeader[];
};

type Scope = "check" | "usage" | "manage";
export type AnswerHeader = "ETag" | "Idempotency-Replayed" | "Cache-Control";
export type RequestHeader = "If-Match" | "If-None-Match" | "Idempotency-Key" | "Last-Event-ID";

/**
 * All that the API's description says of one route, beside the route: what validates is what is described.
 * Status codes that follow from the rest (401, 403, 429 of a key; 413, 415 of a body; 500) are added by themselves.
 */
export type RouteDescription<P = z.ZodObject, Q = z.ZodObject, B = z.ZodType> = {
  /** operationId: the name of the function that a generated client gets. */
  id: string;
  tag:
    | "Checks"
    | "OpenFeature"
    | "Usage"
    | "Tenants"
    | "Grants"
    | "Plans"
    | "Features"
    | "Catalogue"
    | "Audit"
    | "PostHog"
    | "Keys"
    | "Description";
  summary: string;
  detail?: string;
  /** Which scope a key needs, of several any; null: whoever asks. */
  scope: Scope | readonly Scope[] | null;
  /** Keys that are bound to one tenant may call it too; it looks at the tenant itself. */
  bound?: true;
  /** What is asked for about other tenants is refused part by part, in an answer of success. */
  forbidsInResult?: true;
  /** Under which of a key's limits it counts, where the scope does not say so: `check` is for checks. */
  limit?: "checks" | "requests";
  /** The names stand in the path. */
  params?: P;
  query?: Q;
  headers?: readonly RequestHeader[];
  body?: B;
  /** Left out: defaultBodyLimits. */
  bodyLimits?: BodyLimits;
  /** Described in place of `body`, where its parts are each looked at by themselves and refused alone. */
  bodyShown?: z.ZodType;
  /** Left out: application/json. */
  bodyTypes?: readonly string[];
  /** Nothing at all may be sent, which is the same as {}. */
  bodyIsOptional?: boolean;
  bodyExample?: unknown;
  /** Of a file, which is text in its other types. */
  bodyExampleAsJson?: object;
  answers: { [status: number]: DescribedAnswer };
  /** status → the codes that a problem with it may have. */
  problems?: { [status: number]: readonly string[] };
  /** By code, or "409 code": what this route says with it, where problem-examples.ts says what others do. */
  problemExamples?: { [code: string]: ProblemExample };
  /** Refusals have a shape of their own, as OFREP's have: status → schema, in place of a problem. */
  ownProblems?: { [status: number]: DescribedAnswer };
};

/** For routes that are added to Fastify by hand: `app.get(path, { config: describe({ … }) }, handler)`. */
export const describe = (description: RouteDescription) => ({ description });

declare module "fastify" {
  interface FastifyContextConfig {
    description?: RouteDescription;
    /** It only says that there is nothing here. */
    refuses?: true;
  }
}
