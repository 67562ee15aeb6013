import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Refusal } from "~/core/outcome";
import { revisionTag } from "./conditions";
import { matchesEtag } from "./etag.server";
import { type Problem, problemBody, sendProblem, sendProblemText } from "./problem.server";

/**
 * A route's response. `tag` is its ETag, which defaults to `revision` in the body. A string is sent as it is with its
 * own type, and so are `parts`, which may be megabytes; `json` is a serialized body of a write.
 */
export type Answered =
  | {
      status: number;
      body?: object | string;
      parts?: Uint8Array[];
      json?: string;
      type?: string;
      tag?: string;
      headers?: Record<string, string>;
    }
  | { problem: Problem };

export const bodyText = ({ body, json }: { body?: object | string; json?: string }) =>
  json ?? (body === undefined ? "" : JSON.stringify(body));

export function storedText(answered: Answered, requestId: string): { status: number; body: string } {
  if ("problem" in answered) return { status: answered.problem.status, body: problemBody(answered.problem, requestId) };
  return { status: answered.status, body: bodyText(answered) };
}

/** Sends a write's response. */
export function sendText(reply: FastifyReply, status: number, body: string, tagOf?: (text: string) => string) {
  if (status >= 400) return sendProblemText(reply, status, body);
  reply.code(status).header("cache-control", "no-store");
  if (body === "") return reply.send();
  const tag = (tagOf ?? tagOfRevision)(body);
  if (tag !== null) reply.header("etag", tag);
  return reply.header("content-type", "application/json; charset=utf-8").send(body);
}

function tagOfRevision(body: string): string | null {
  const { revision } = JSON.parse(body) as { revision?: number };
  return revision === undefined ? null : revisionTag(revision);
}

/** Sends a read's response. */
export function sendAnswer(reply: FastifyReply, answered: Answered, noneMatch: string | undefined) {
  if ("problem" in answered) return sendProblem(reply, answered.problem);
  const { status, body, parts, type, headers } = answered;
  reply.code(status).header("cache-control", "no-store");
  if (headers) reply.headers(headers);
  const { revision } = (typeof body === "object" ? body : {}) as { revision?: number };
  const tag = answered.tag ?? (revision === undefined ? null : revisionTag(revision));
  if (tag !== null) {
    reply.header("etag", tag);
    if (matchesEtag(noneMatch, tag)) return reply.code(304).send();
  }
  if (parts) return reply.header("content-type", type ?? "application/octet-stream").send(Readable.from(parts));
  if (typeof body === "string") return reply.header("content-type", type ?? "text/plain; charset=utf-8").send(body);
  if (body === undefined) return reply.send();
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(body));
}

const missing = new Set(["tenant_not_found", "grant_not_found"]);
const conflicts = new Set([
  "tenant_exists",
  "grant_overlaps",
  "grant_over",
  "plan_in_use",
  "plan_exists",
  "feature_exists",
  "too_many_jobs",
  "job_over",
  "comparison_running",
  "schedule_full",
  "period_changes_full",
  "undo_refused",
  "requests_full",
  "request_decided",
  "needs_approval",
]);

/** `gone`: codes about the object named in the path, answered as 404. */
export function refusalProblem({ code, message, field }: Refusal, ...gone: string[]): { problem: Problem } {
  const status = missing.has(code) || gone.includes(code) ? 404 : code === "stale" ? 412 : conflicts.has(code) ? 409 : 422;
  return { problem: { status, code, detail: message, field } };
}
