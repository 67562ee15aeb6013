import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";

export type Problem = {
  status: number;
  /** Defaults to about:blank. */
  type?: string;
  /** Stable, for programs. */
  code: string;
  /** One sentence: what is wrong and what would work. */
  detail: string;
  field?: string;
  errors?: { field: string; message: string }[];
  /** Names from RateLimit-Policy. */
  violatedPolicies?: string[];
  headers?: Record<string, string>;
};

export const problemType = "application/problem+json; charset=utf-8";

/** RFC 9457. With `about:blank`, `code` is the only type information. `requestId` is the one in the log. */
export function problemBody(problem: Problem, requestId?: string): string {
  const { type = "about:blank", status, code, detail, field, errors, violatedPolicies } = problem;
  const more = { "violated-policies": violatedPolicies, requestId };
  return JSON.stringify({ type, title: STATUS_CODES[status] ?? "Error", status, detail, code, field, errors, ...more });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.headers) reply.headers(problem.headers);
  return sendProblemText(reply, problem.status, problemBody(problem, reply.request.id));
}

export function sendProblemText(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply
    .code(status)
    .header("content-type", problemType)
    .header("cache-control", "no-store")
    .header("x-content-type-options", "nosniff")
    .send(body);
}
