import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Instant } from "~/core/model";
import type { Prepared, Sending } from "~/server/check.server";
import { isBrowserKey, isRefused, rateHeaders, takeRequest } from "~/server/rate-limits.server";
import type { Services } from "~/server/services.server";
import { askerOf } from "./authenticate.server";
import { answerHeaders, answerType, entitlementsPath, longestLife } from "./entitlements.server";
import type { NoteCheck } from "./request-log.server";

/** True: it is answered. */
type Quick = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Calls `answer` when it is the request's turn, or answers it by itself. */
export type Admit = (request: IncomingMessage, response: ServerResponse, answer: () => void) => void;

/** `headers`: those of every answer of the server, names and values in turn. */
export type QuickParts = { isStopping: () => boolean; note: NoteCheck; headers: readonly string[] };

/**
 * The plain question whose answer lies ready, answered before the router and the framework, which would cost as much again
 * as node:http does. Anything else, and everything that is not a yes from start to end, is left to the route.
 */
export function quickCheck(
  { facts, keys, checks, limits, load, metrics, now, elapsed }: Services,
  { isStopping, note, headers: headersOfAll }: QuickParts,
): Quick {
  const start = `${entitlementsPath}?`;
  return (request, response) => {
    const { url = "", method, headers } = request;
    if (method !== "GET" || !url.startsWith(start) || isStopping() || load.isFull("check")) return false;
    const since = metrics.isTimed() ? performance.now() : 0;
    const { authorization } = headers;
    const hasMore = headers["if-none-match"] ?? headers["content-length"] ?? headers["transfer-encoding"] ?? headers.origin;
    if (hasMore !== undefined || !authorization?.startsWith("Bearer ")) return false;
    if (facts.look() || keys.refresh()) return false;
    const at = now();
    const key = keys.verify(authorization.slice("Bearer ".length), at);
    if (typeof key === "string" || !key.scopes.includes("check")) return false;
    const known = checks.known(url, at, askerOf(key));
    if (!known || (key.tenant !== null && key.tenant !== known.ground.tenant)) return false;
    const used = limits.checks.limit > 0 || isBrowserKey(key) ? takeRequest(limits, key, "checks", elapsed()) : null;
    if (used && isRefused(used)) return false;
    checks.count(known, at);
    const { head, encoding } = ready(known, at, headersOfAll);
    response.writeHead(200, used ? [...head, ...rateHeaders(used).flat()] : head);
    response.end(known.body, encoding);
    if (since > 0) note(since);
    return true;
  };
}

/** Kept for as long as it stays the same. */
function ready(known: Prepared, at: Instant, headersOfAll: QuickParts["headers"]): Sending {
  const lasts = known.validUntil === null || known.validUntil - at >= longestLife * 1000;
  if (lasts && known.sending) return known.sending;
  const length = Buffer.byteLength(known.body);
  const head = [...headersOfAll, ...answerHeaders(known, at).flat(), "content-type", answerType, "content-length", String(length)];
  // The bytes are the same, and node:http is quicker with those that it need not look at.
  const sending: Sending = { head, encoding: length === known.body.length ? "latin1" : "utf8" };
  if (lasts) known.sending = sending;
  return sending;
}

/** What goes wrong on the quick way is asked again on the route, which answers and logs it. */
function tried(quick: Quick): Quick {
  return (request, response) => {
    try {
      return quick(request, response);
    } catch (error) {
      if (response.headersSent) throw error;
      return false;
    }
  };
}

/** Lets `quick` have the first look at every request of the server, and hands what it leaves to `admit`. */
export function putInFront(server: Server, quick: Quick, admit: Admit): void {
  const behind = server.listeners("request") as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners("request");
  const first = tried(quick);
  server.on("request", (request, response) => {
    if (first(request, response)) return;
    admit(request, response, () => {
      for (const answer of behind) answer.call(server, request, response);
    });
  });
}
