import { STATUS_CODES } from "node:http";
import type { z } from "zod";
import { read } from "~/api/http/parse.server";
import { byItsOwnName } from "~/api/http/route.server";
import type { RouteDescription } from "./describe";
import { type ProblemExample, problemExample } from "./problem-examples";

/** Codes of every refusal a route can give. */
export function problemsOf(
  route: Pick<RouteDescription, "act" | "body" | "params" | "headers" | "problems" | "ownProblems" | "forbidsInResult">,
): { [status: number]: readonly string[] } {
  const { act, body, params, headers, problems = {}, ownProblems = {}, forbidsInResult } = route;
  const all: { [status: number]: readonly string[] } = { 500: ["internal_error"] };
  // Routes with an Idempotency-Key write.
  if (headers?.includes("Idempotency-Key")) all[503] = ["database_unavailable"];
  // A flag key is the rest of the URL and is never too long.
  if (params && !route.ownProblems) all[414] = ["address_too_long"];
  if (body) Object.assign(all, { 413: ["body_too_large"], 415: ["unsupported_media_type"] });
  if (act) {
    all[401] = ["key_missing", "key_malformed", "key_unknown", "key_revoked", "key_expired"];
    all[403] = forbidsInResult ? ["scope_missing"] : ["scope_missing", "tenant_forbidden"];
    all[429] = ["rate_limited"];
  }
  for (const [status, codes] of Object.entries(problems)) all[Number(status)] = [...new Set([...(all[Number(status)] ?? []), ...codes])];
  for (const status of Object.keys(ownProblems)) delete all[Number(status)];
  return all;
}

export type SharedExamples = { [name: string]: { value: object } };

/** The problem media type: schema and an example per code. Examples shared by all routes go to `shared`, once. */
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

/** In the format of `problemBody`. */
function whole(status: number, code: string, { type = "about:blank", detail, field, errors, ...more }: ProblemExample) {
  const title = STATUS_CODES[status] ?? "Error";
  return JSON.parse(JSON.stringify({ type, title, status, detail, code, field, errors, ...more, requestId: "k3Jd0a-17" })) as object;
}

/** The schemas' messages for a request with one fault: an unknown field, a missing body, or an invalid name. */
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
