import { STATUS_CODES } from "node:http";
import type { z } from "zod";
import type { RouteDescription } from "./describe";
import { read } from "./parse.server";
import { type ProblemExample, problemExample } from "./problem-examples";
import { byItsOwnName } from "./route.server";

/** The codes of every refusal that a route can give. */
export function problemsOf(
  route: Pick<RouteDescription, "scope" | "body" | "params" | "headers" | "problems" | "ownProblems" | "forbidsInResult">,
): { [status: number]: readonly string[] } {
  const { scope, body, params, headers, problems = {}, ownProblems = {}, forbidsInResult } = route;
  const all: { [status: number]: readonly string[] } = { 500: ["internal_error"] };
  // What may be sent twice writes.
  if (headers?.includes("Idempotency-Key")) all[503] = ["database_unavailable"];
  // A flag's key is the rest of the address, which is never too long to be none.
  if (params && !route.ownProblems) all[414] = ["address_too_long"];
  if (body) Object.assign(all, { 413: ["body_too_large"], 415: ["unsupported_media_type"] });
  if (scope) {
    all[401] = ["key_missing", "key_malformed", "key_unknown", "key_revoked", "key_expired"];
    all[403] = forbidsInResult ? ["scope_missing"] : ["scope_missing", "tenant_forbidden"];
    all[429] = ["rate_limited"];
  }
  for (const [status, codes] of Object.entries(problems)) all[Number(status)] = [...new Set([...(all[Number(status)] ?? []), ...codes])];
  for (const status of Object.keys(ownProblems)) delete all[Number(status)];
  return all;
}

export type SharedExamples = { [name: string]: { value: object } };

/** The problem's media type: its schema, and an example of each code. Those that are the same on every route go into `shared`, once. */
export function problemContent(route: RouteDescription, status: number, codes: readonly string[], shared: SharedExamples) {
  const examples: { [code: string]: { value: object } | { $ref: string } } = {};
  for (const code of codes) {
    const own = code === "invalid_request" && !route.problemExamples?.[code] ? refusedRequest(route) : null;
    const found = own ? { example: own, isShared: false } : problemExample(route, status, code);
    if (!found) continue;
    const value = whole(status, code, found.example);
    const name = `${status}_${code}`;
    if (found.isShared) shared[name] = { value };
    examples[code] = found.isShared ? { $ref: `#/components/examples/${name}` } : { value };
  }
  return {
    schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, { type: "object", properties: { code: { enum: codes } } }] },
    examples,
  };
}

/** As `problemBody` writes it. */
function whole(status: number, code: string, { type = "about:blank", detail, field, errors, ...more }: ProblemExample) {
  const title = STATUS_CODES[status] ?? "Error";
  return JSON.parse(JSON.stringify({ type, title, status, detail, code, field, errors, ...more, requestId: "k3Jd0a-17" })) as object;
}

/** What the route's own schemas say of a request with one fault: a field too much, none at all, or a name that is none. */
function refusedRequest({ params, query, body, bodyExample }: RouteDescription): ProblemExample | null {
  const everywhere = (shape: z.ZodObject, text: string) => Object.fromEntries(Object.keys(shape.shape).map((name) => [name, text]));
  const fileOrFields = typeof bodyExample === "object" ? [{ ...bodyExample, colour: "red" }, {}] : [""];
  const tries: [schemas: Record<string, z.ZodType>, sent: Record<string, unknown>][] = [
    ...(body ? fileOrFields.map((sent): (typeof tries)[number] => [{ body }, { body: sent }]) : []),
    ...(query ? [[{ query }, { query: everywhere(query, "?") }] as (typeof tries)[number]] : []),
    ...(params ? [[{ params }, { params: everywhere(params, "") }] as (typeof tries)[number]] : []),
  ];
  for (const [schemas, sent] of tries) {
    const result = read(schemas, sent);
    if (result.ok) continue;
    const { errors: [first] = [] } = byItsOwnName(result.problem);
    if (first) return { detail: first.message, field: first.field, errors: [first] };
  }
  return null;
}
