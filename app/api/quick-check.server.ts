import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Instant } from "~/core/model";
import type { Prepared, Sending } from "~/server/checks/check.server";
import { isBrowserKey, isRefused, rateHeaders, takeRequest } from "~/server/keys/rate-limits.server";
import type { Services } from "~/server/services.server";
import { answerHeaders, answerType, maxAgeSeconds } from "./entitlements.server";
import { askerOf } from "./http/authenticate.server";
import { entitlementsPath } from "./http/check-paths";
import type { NoteCheck } from "./http/request-log.server";

/** True if answered. */
type Quick = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Calls `answer` when it is the request's turn, or answers it by itself. */
export type Admit = (request: IncomingMessage, response: ServerResponse, answer: () => void) => void;

/** `headers`: of every response, names and values alternating. */
export type QuickParts = { isStopping: () => boolean; note: NoteCheck; headers: readonly string[] };

/**
 * Answers a plain check from the cache before the router and framework, which would cost as much again as node:http.
 * Everything else, and every refusal, is left to the route.
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
    if (!known || (key.tenant !== null && key.tenant !== known.context.tenant)) return false;
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

/** Reused while unchanged. */
function ready(known: Prepared, at: Instant, headersOfAll: QuickParts["headers"]): Sending {
  const lasts = known.validUntil === null || known.validUntil - at >= maxAgeSeconds * 1000;
  if (lasts && known.sending) return known.sending;
  const length = Buffer.byteLength(known.body);
  const head = [...headersOfAll, ...answerHeaders(known, at).flat(), "content-type", answerType, "content-length", String(length)];
  // The bytes are equal, and node:http sends latin1 faster.
  const sending: Sending = { head, encoding: length === known.body.length ? "latin1" : "utf8" };
  if (lasts) known.sending = sending;
  return sending;
}

/** After an error the route handles the request and logs it. */
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

/** Passes every request to `quick` first, and what it does not handle to `admit`. */
export function putInFront(server: Server, quick: Quick, admit: Admit): void {
  const behind = server.listeners("request") as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners("request");
  const first = tried(quick);
  server.on("request", (request, response) => {
    if (isTooFarAhead(request, response)) return void request.socket.destroy();
    if (first(request, response)) return;
    admit(request, response, () => {
      for (const answer of behind) answer.call(server, request, response);
    });
  });
}

/** Max pipelined requests per connection; browsers and almost all clients send none. */
const maxPipelined = 32;
const pipelined = new WeakMap<Socket, number>();

/**
 * True if too many answers of this connection are outstanding. An answer queued behind another one has no socket yet.
 * Without a limit, one connection could fill an event-loop turn with thousands of requests.
 */
function isTooFarAhead({ socket }: IncomingMessage, response: ServerResponse): boolean {
  if (response.socket !== null) return false;
  const ahead = (pipelined.get(socket) ?? 0) + 1;
  pipelined.set(socket, ahead);
  response.once("socket", () => pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1));
  return ahead > maxPipelined;
}
