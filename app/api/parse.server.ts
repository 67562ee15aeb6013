import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { unstorable } from "~/forms/storable";
import { type Problem, sendProblem } from "./problem.server";

type Shape = Record<string, z.ZodType>;
type Parsed<S extends Shape> = { [K in keyof S]: z.output<S[K]> };

/** Whoever walks what was sent needs a stack: metadata and values are a few deep. */
const deepest = 64;

/** What no schema should be asked about, with the place where it stands; of what is nested too deep, where it begins. */
function unfit(value: unknown): Fault | null {
  const fault = unfitWithin(value, 0);
  return fault && fault.path.length > deepest ? { ...fault, path: fault.path.slice(0, 3) } : fault;
}

/** Much is walked and little found: a place is put together only on the way back from a fault. */
function unfitWithin(value: unknown, depth: number): Fault | null {
  if (typeof value === "string")
    return unstorable.test(value) ? { path: [], message: "This holds a character that cannot be stored." } : null;
  if (typeof value !== "object" || value === null) return null;
  if (depth > deepest) return { path: [], message: `This is nested more than ${deepest} deep.` };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = unfitWithin(value[i], depth + 1);
      if (fault) return { ...fault, path: [i, ...fault.path] };
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (unstorable.test(key)) return { path: [], message: "This holds a name with a character that cannot be stored." };
    const fault = unfitWithin((value as Record<string, unknown>)[key], depth + 1);
    if (fault) return { ...fault, path: [key, ...fault.path] };
  }
  return null;
}

const missingBody = (schema: z.ZodType): Fault | null =>
  schema.safeParse(undefined).success ? null : { path: [], message: "This needs a body: send it as JSON." };

type Fault = { path: PropertyKey[]; message: string };

/** What a schema finds wrong, each with its own place: a field that there is none of is at fault itself, not what it stands in. */
export function faultsOf({ issues }: Pick<z.ZodError, "issues">): Fault[] {
  return issues.flatMap((issue): Fault[] =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: `There is no field ${JSON.stringify(key.slice(0, 100))} here.` }))
      : [issue],
  );
}

/** What was sent, as the schemas make it; or a problem that names every field at fault. `body` is the request's. */
export function read<S extends Shape>(
  schemas: S,
  input: { [K in keyof S]: unknown },
): { ok: true; sent: Parsed<S> } | { ok: false; problem: Problem } {
  const errors: { field: string; message: string }[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const bad = unfit(input[name]) ?? (name === "body" && input[name] === undefined ? missingBody(schema) : null);
    const result = bad ? null : schema.safeParse(input[name]);
    if (result?.success) parsed[name] = result.data;
    for (const { path, message } of bad ? [bad] : result?.error ? faultsOf(result.error) : []) {
      errors.push({ field: (name === "body" || name === "query" ? path : [name, ...path]).join(".") || name, message });
    }
  }
  const [first] = errors;
  if (!first) return { ok: true, sent: parsed as Parsed<S> };
  return {
    ok: false,
    problem: { status: 400, code: "invalid_request", detail: first.message, field: first.field, errors: errors.slice(0, 100) },
  };
}

/** The same; or null, and the problem is sent. */
export function parse<S extends Shape>(reply: FastifyReply, schemas: S, input: { [K in keyof S]: unknown }): Parsed<S> | null {
  const result = read(schemas, input);
  if (result.ok) return result.sent;
  sendProblem(reply, result.problem);
  return null;
}
