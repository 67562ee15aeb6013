import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { keyIn } from "~/api/ofrep.server";
import type { Admit } from "~/api/quick-check.server";
import { closeLingering } from "~/server/http/lingering-close.server";
import { refusedPage } from "~/server/http/plain-page.server";
import type { LoadKind } from "~/server/process/load.server";
import type { Services } from "~/server/services.server";
import { isCheckUrl } from "./check-paths";
import { isForOtherOrigins } from "./cors.server";
import { type Problem, problemBody, problemType } from "./problem.server";
import { withoutDoubledSlashes } from "./program-paths";

/** Seconds. */
const retryAfter = "1";
/** A body of more bytes is not read to the end to keep the connection. */
const maxSkippedBytes = 64 * 1024;
/** Interval of log lines about refused requests, in ms. */
const logIntervalMs = 10_000;

export const overloaded: Problem = {
  status: 503,
  code: "overloaded",
  detail: "The server is overloaded and did not process this request. Send it again after Retry-After.",
};
export const overloadedSentence =
  "Latchkey is overloaded, so this request was not processed. Wait a few seconds, then load the page again.";

/** The URL as the router will see it. */
const addressOf = ({ url = "" }: IncomingMessage) => withoutDoubledSlashes(url);

/** Null: always answered, so that monitoring sees that the process lives. */
export function loadKindOf(url: string): LoadKind | null {
  if (/^\/(healthz|readyz|metrics)(\?|$)/.test(url)) return null;
  if (isCheckUrl(url)) return "check";
  if (/^\/(api|ofrep)(\/|\?|$)/.test(url)) return "request";
  return url.startsWith("/assets/") ? "file" : "page";
}

const problem = { type: problemType, body: problemBody(overloaded) };

/** Refuses in the format the caller expects: a page, OpenFeature's own format, or a problem. */
function refusalFor(kind: LoadKind, url: string, method: string | undefined): { type: string; body: string } {
  if (kind === "page" || kind === "file") return refusedPage(url, method, 503, overloadedSentence);
  if (!/^\/ofrep\/v1\/evaluate/.test(url)) return problem;
  const body = { ...keyIn(url), errorCode: "GENERAL", errorDetails: overloaded.detail, code: overloaded.code };
  return { type: "application/json; charset=utf-8", body: JSON.stringify(body) };
}

export type ShedOptions = {
  /** Headers of every response, names and values alternating. */
  headers: readonly string[];
  isDraining: () => boolean;
};

/** Answers a request in its turn, or with 503 before anything is done for it, if there are too many. */
export function shedLoad({ load, queue, keys, log }: Services, { headers: headersOfAll, isDraining }: ShedOptions): Admit {
  let loggedAt = Number.NEGATIVE_INFINITY;
  function noteRefused(kind: LoadKind): void {
    load.noteRefused(kind);
    const at = performance.now();
    if (at - loggedAt < logIntervalMs) return;
    loggedAt = at;
    log.warn({ refused: { ...load.refused() }, inFlight: { ...load.inFlight() } }, "overloaded: requests are refused with 503");
  }

  function refuse(kind: LoadKind, request: IncomingMessage, response: ServerResponse): void {
    const { headers } = request;
    const url = addressOf(request);
    noteRefused(kind);
    const { type, body } = refusalFor(kind, url, request.method);
    const head = [...headersOfAll, "content-type", type, "content-length", String(Buffer.byteLength(body))];
    head.push("cache-control", "no-store", "retry-after", retryAfter);
    // Without it a page of another origin could not read why.
    if (headers.origin !== undefined && isForOtherOrigins(url.split("?", 1)[0] as string) && keys.knowsOrigin(headers.origin)) {
      head.push("vary", "Origin", "access-control-allow-origin", headers.origin, "access-control-expose-headers", "Retry-After");
    }
    const isLarge = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > maxSkippedBytes;
    if (isLarge || isDraining()) head.push("connection", "close");
    if (isLarge) closeLingering(request);
    response.writeHead(503, head);
    response.end(body);
  }

  return (request, response, answer) => {
    const kind = loadKindOf(addressOf(request));
    if (kind === null) return answer();
    if (load.isFull(kind)) return refuse(kind, request, response);
    const unlessGone = (work: () => void) => () => {
      if (!request.socket.destroyed) work();
    };
    queue.add(
      kind,
      unlessGone(answer),
      unlessGone(() => refuse(kind, request, response)),
    );
  };
}

/** Counts requests from the arrival of their body until their response is ready, so that slow clients do not count. */
export function countInFlight(app: FastifyInstance, { load }: Pick<Services, "load">): void {
  const states = new WeakMap<FastifyRequest, LoadKind | "over">();
  function enter(request: FastifyRequest, kind: LoadKind): void {
    if (states.has(request)) return;
    states.set(request, kind);
    load.enter(kind);
  }
  app.addHook("preHandler", (request, _reply, done) => {
    const { headers } = request.raw;
    const kind = loadKindOf(addressOf(request.raw));
    const isAllHere = request.raw.readableEnded || (headers["transfer-encoding"] === undefined && !Number(headers["content-length"] ?? 0));
    if (kind === null || request.routeOptions.config.isStream) return done();
    if (isAllHere) enter(request, kind);
    else request.raw.once("end", () => enter(request, kind));
    done();
  });
  app.addHook("onSend", (request, _reply, _payload, done) => {
    const kind = states.get(request);
    states.set(request, "over");
    if (kind !== undefined && kind !== "over") load.leave(kind);
    done();
  });
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The response of a stream stays open and has its own limit. */
    isStream?: true;
  }
}
