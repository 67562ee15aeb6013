import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";

export type Problem = {
  status: number;
  /** Stable, for programs. */
  code: string;
  /** One sentence: what is wrong and what would work. */
  detail: string;
  field?: string;
  errors?: { field: string; message: string }[];
  headers?: Record<string, string>;
};

export const problemType = "application/problem+json; charset=utf-8";

/** RFC 9457. `about:blank` says that `code` is all there is to know; `requestId` is the one in the log. */
export function problemBody({ status, code, detail, field, errors }: Problem, requestId?: string): string {
  return JSON.stringify({ type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, code, field, errors, requestId });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.headers) reply.headers(problem.headers);
  return reply
    .code(problem.status)
    .header("content-type", problemType)
    .header("cache-control", "no-store")
    .header("x-content-type-options", "nosniff")
    .send(problemBody(problem, reply.request.id));
}
