import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { errorMessages } from "~/forms/error-messages";
import { type Fault, unfit } from "~/forms/storable";
import { type Problem, sendProblem } from "./problem.server";

type Shape = Record<string, z.ZodType>;
type Parsed<S extends Shape> = { [K in keyof S]: z.output<S[K]> };

const missingBody = (schema: z.ZodType): Fault | null =>
  schema.safeParse(undefined).success ? null : { path: [], message: "This needs a body: send it as JSON." };

/** A repeated query parameter is a list. Only the parameters named in `mayRepeat` accept one. */
function repeated(schema: z.ZodType, sent: unknown, mayRepeat: readonly string[]): Fault | null {
  const known = Object.keys((schema as Partial<z.ZodObject>).shape ?? {});
  const isList = (name: string) => Array.isArray((sent as { [name: string]: unknown } | undefined)?.[name]);
  const name = known.find((name) => isList(name) && !mayRepeat.includes(name));
  return name === undefined ? null : { path: [name], message: `"${name}" was given more than once.` };
}

/** A schema's issues, each with its path. An unknown field is reported itself, not its parent. */
export function faultsOf({ issues }: Pick<z.ZodError, "issues">): Fault[] {
  return issues.flatMap((issue): Fault[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: `There is no field ${JSON.stringify(key.slice(0, 100))} here.` }))
      : [issue],
  );
}

/** `areApart`: the route validates items of lists itself, each with `unfit` first. */
type Options = { areApart?: boolean; mayRepeat?: readonly string[] };

const withoutParts = (body: unknown): unknown =>
  typeof body === "object" && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? [] : value]))
    : body;

/** Parses a request, or returns a problem that names every invalid field. `body` is the request's. */
export function read<S extends Shape>(
  schemas: S,
  input: { [K in keyof S]: unknown },
  { areApart, mayRepeat = [] }: Options = {},
): { ok: true; sent: Parsed<S> } | { ok: false; problem: Problem } {
  const errors: { field: string; message: string }[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const whole = areApart && name === "body" ? withoutParts(input[name]) : input[name];
    const missing = name === "body" && input[name] === undefined ? missingBody(schema) : null;
    const bad = unfit(whole) ?? missing ?? (name === "query" ? repeated(schema, input[name], mayRepeat) : null);
    const result = bad ? null : schema.safeParse(input[name], errorMessages);
    if (result?.success) parsed[name] = result.data;
    for (const { path, message } of bad ? [bad] : result?.error ? faultsOf(result.error) : []) {
      // A query parameter is named whole, also where one of its values is wrong.
      const place = name === "query" ? path.slice(0, 1) : name === "body" ? path : [name, ...path];
      errors.push({ field: place.join(".") || name, message });
    }
  }
  const [first] = errors;
  if (!first) return { ok: true, sent: parsed as Parsed<S> };
  return {
    ok: false,
    problem: { status: 400, code: "invalid_request", detail: first.message, field: first.field, errors: errors.slice(0, 100) },
  };
}

/** Variant that sends the problem and returns null. */
export function parse<S extends Shape>(
  reply: FastifyReply,
  schemas: S,
  input: { [K in keyof S]: unknown },
  options?: Options,
): Parsed<S> | null {
  const result = read(schemas, input, options);
  if (result.ok) return result.sent;
  sendProblem(reply, result.problem);
  return null;
}
