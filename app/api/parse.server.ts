import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { sendProblem } from "./problem.server";

type Shape = Record<string, z.ZodType>;
type Parsed<S extends Shape> = { [K in keyof S]: z.output<S[K]> };

/** What was sent, as the schemas make it; or null, and a problem that names every field at fault is sent. `body` is the request's. */
export function parse<S extends Shape>(reply: FastifyReply, schemas: S, input: { [K in keyof S]: unknown }): Parsed<S> | null {
  const errors: { field: string; message: string }[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const result = schema.safeParse(input[name]);
    if (result.success) parsed[name] = result.data;
    for (const { path, message } of result.error?.issues ?? []) {
      errors.push({ field: (name === "body" ? path : [name, ...path]).join(".") || "body", message });
    }
  }
  const [first] = errors;
  if (!first) return parsed as Parsed<S>;
  sendProblem(reply, { status: 400, code: "invalid_request", detail: first.message, field: first.field, errors });
  return null;
}
