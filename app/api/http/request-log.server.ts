import type { FastifyInstance, FastifyRequest } from "fastify";
import { callerAddress } from "~/server/client-address.server";
import type { Services } from "~/server/services.server";
import { entitlementsPath } from "./check-paths";
import { admittedKey } from "./route.server";

/** One in this many timed checks is logged. */
const writtenTimed = 32;
const checkRoutes = new Set([entitlementsPath, "/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/*"]);

/** Called after a timed check on the quick path; `since` is its start, from performance.now(). */
export type NoteCheck = (since: number) => void;

/**
 * Logs one line per request, under the request id that problem documents contain: the route pattern (never personal
 * data), status, duration, client address and API key. There may be thousands of checks per second, so they
 * are sampled (`sampled`). Probes and static files are logged at level debug.
 */
export function logRequests(
  app: FastifyInstance,
  { log, metrics }: Pick<Services, "log" | "metrics">,
  newRequestId: () => string,
): NoteCheck {
  const sampled = metrics.timedChecks * writtenTimed;
  // Counted separately, because the quick path saw and skipped these too.
  let plain = 0;
  let timed = 0;
  const isWritten = () => ++timed % writtenTimed === 0;

  app.addHook("onResponse", (request, reply, done) => {
    const { url = "" } = request.routeOptions;
    const isCheck = checkRoutes.has(url) && request.method !== "OPTIONS";
    if (isCheck) {
      if (++plain % metrics.timedChecks !== 0) return done();
      // Batch requests are excluded, because they do not measure one check.
      if (request.method === "GET" || url.endsWith("/*")) metrics.checkedIn(reply.elapsedTime);
      if (!isWritten()) return done();
    }
    const level = url === "*" || /^\/(api|ofrep)(\/|$)/.test(url) ? "info" : "debug";
    const address = callerAddress(request.ip);
    const line = { req: request, status: reply.statusCode, ms: rounded(reply.elapsedTime), address, ...ofKey(request) };
    request.log[level]({ ...line, ...(isCheck ? { sampled } : {}) }, "answered");
    done();
  });

  return (since) => {
    const ms = performance.now() - since;
    metrics.checkedIn(ms);
    if (!isWritten()) return;
    const req = { method: "GET", routeOptions: { url: entitlementsPath } };
    log.info({ reqId: newRequestId(), req, status: 200, ms: rounded(ms), sampled }, "answered");
  };
}

/** A request refused before authentication has no key. */
function ofKey(request: FastifyRequest) {
  const key = admittedKey(request) as ReturnType<typeof admittedKey> | undefined;
  return key === undefined ? {} : { key: key.id };
}

const rounded = (ms: number) => Math.round(ms * 100) / 100;
