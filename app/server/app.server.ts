import type { Socket } from "node:net";
import type { ServerBuild } from "@remix-run/node";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
  type onRequestHookHandler,
} from "fastify";
import { checksApi } from "~/api/checks.server";
import { entitlementsApi } from "~/api/entitlements.server";
import { healthRoutes } from "~/api/health.server";
import { defaultBodyLimits } from "~/api/http/body-limits";
import { allowOrigin, corsPreflights } from "~/api/http/cors.server";
import { readJsonBodies } from "~/api/http/json-bodies.server";
import { problemBody, problemType, sendProblem } from "~/api/http/problem.server";
import { isForPrograms, withoutDoubledSlashes } from "~/api/http/program-paths";
import { maxQueryLength, noteRoutes, problemOf, refuseError, refuseTheRest, refuseUnsupportedMethods } from "~/api/http/refusals.server";
import { logRequests } from "~/api/http/request-log.server";
import { countInFlight, shedLoad } from "~/api/http/shed-load.server";
import { addressProblem, refuseInvalidAddress } from "~/api/http/text-body.server";
import { managementApi } from "~/api/management.server";
import { metricsApi } from "~/api/metrics.server";
import { ofrepApi, refuseUnreadableName } from "~/api/ofrep.server";
import { noteDescriptions } from "~/api/openapi/describe";
import { openApi } from "~/api/openapi/openapi.server";
import { posthogGroupsApi } from "~/api/posthog-groups.server";
import { putInFront, quickCheck } from "~/api/quick-check.server";
import { streamApi } from "~/api/stream.server";
import { tokensApi } from "~/api/tokens.server";
import { usageApi } from "~/api/usage.server";
import { day } from "~/core/time";
import { cleanForwardedFor, createIsTrusted } from "./client-address.server";
import { endSilentConnections, keepAliveHint } from "./http/idle-connections.server";
import { addPages } from "./http/pages.server";
import { sendPlainPage } from "./http/plain-page.server";
import { captureFailures, runInContext } from "./http/posthog-context.server";
import { baseHeaders } from "./http/security.server";
import { refuseInvalidHost } from "./http/valid-host.server";
import { isBuilt } from "./is-built";
import type { PageSupervisor } from "./process/page-supervisor.server";
import { closeWhileDraining, type Shutdown } from "./process/stop.server";
import { randomText } from "./random.server";
import type { Services } from "./services.server";

/** Pages come from `pages`, the page process, or from the sources with `vite`, or from `build`, in tests. */
export type AppOptions = { vite?: boolean; build?: ServerBuild; pages?: PageSupervisor; timeouts?: typeof timeouts; shutdown?: Shutdown };

/**
 * Timeouts of slow clients in ms: for headers, for the whole request, and for a silent connection, which is longer than
 * the minute load balancers keep theirs. `look` is the interval of the check.
 */
const timeouts = { headers: 15_000, request: 30_000, silence: 72_000, look: 5_000 };

/** Registers API routes first, then pages, so that API requests skip what pages need. */
export async function createApp(services: Services, options: AppOptions = {}): Promise<FastifyInstance> {
  const { vite = !isBuilt && !services.env.production, build, pages: pageProcess, shutdown = { phase: "running" } } = options;
  const { headers, request, silence, look } = options.timeouts ?? timeouts;
  const { env, log } = services;
  let stopping = false;
  let count = 0;
  const headersOfAll = baseHeaders(env);
  const thisProcess = randomText(6);
  const isTrusted = createIsTrusted(env.trustProxy);
  const newRequestId = () => `${thisProcess}-${++count}`;
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: isTrusted,
    requestIdHeader: false,
    genReqId: newRequestId,
    routerOptions: { maxParamLength: maxQueryLength },
    bodyLimit: defaultBodyLimits.maxBytes,
    rewriteUrl: ({ url = "/" }) => withoutDoubledSlashes(url),
    http: { headersTimeout: headers, connectionsCheckingInterval: look },
    requestTimeout: request,
    // Requests that still arrive on an open connection are answered; the connection closes with the answer.
    return503OnClosing: false,
    // In development Vite starts in a plugin, which takes longer than the default of ten seconds on a busy machine.
    ...(vite && !build ? { pluginTimeout: 0 } : {}),
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => {
      reply.headers(headersOfAll);
      if (refuseUnreadableName(request, reply)) return;
      const invalid = addressProblem(request);
      if (isForPrograms(request)) invalid ? sendProblem(reply, invalid) : refuseError(error as FastifyError, request, reply);
      else sendPlainPage(reply, error.statusCode ?? 400, invalid?.detail ?? "This address cannot be read. Check it and try again.");
    },
  });
  app.addHook("preClose", async () => {
    stopping = true;
  });
  let unsupportedMethod = refuseUnsupportedMethods(new Map());
  app.setErrorHandler(refuseError);
  app.setNotFoundHandler((request, reply) => {
    if (isForPrograms(request)) return sendProblem(reply, unsupportedMethod(request));
    return sendPlainPage(reply, 405, "This page does not answer such a request.");
  });

  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headersOfAll);
    done();
  });
  app.addHook(
    "onRequest",
    refuseInvalidHost((request, reply) => {
      const detail = "The Host header is invalid. Send the name or address of this server, with its port.";
      if (isForPrograms(request)) return sendProblem(reply, { status: 400, code: "bad_request", detail, field: "Host" });
      return sendPlainPage(reply, 400, detail);
    }),
  );
  app.addHook(
    "onRequest",
    refuseInvalidAddress((request, reply, problem) =>
      isForPrograms(request) ? sendProblem(reply, problem) : sendPlainPage(reply, problem.status, problem.detail),
    ),
  );
  // The hot-reload connection may be silent for hours.
  const connections = { silence: vite && !build ? day : silence, look };
  endSilentConnections(app, connections);
  closeWhileDraining(app, shutdown);
  countInFlight(app, services);
  const noteCheck = logRequests(app, services, newRequestId);
  captureFailures(app, services);
  const known = noteRoutes(app);
  const routes = noteDescriptions(app);
  await app.register(healthRoutes(services, () => stopping || shutdown.phase !== "running"));
  await app.register(async (programs) => addProgramRoutes(programs, services));
  await app.register(openApi, { services, routes });
  unsupportedMethod = refuseUnsupportedMethods(new Map(known));
  refuseTheRest(app, known);

  const refuseProgramPaths: onRequestHookHandler = (request, reply, done) => {
    if (isForPrograms(request)) sendProblem(reply, unsupportedMethod(request));
    else done();
  };
  await app.register(async (pages) => addPages(pages, services, { vite, build, pages: pageProcess, refuseProgramPaths }));
  const isDraining = () => stopping || shutdown.phase === "draining";
  const headersInFront = [...Object.entries(headersOfAll).flat(), ...keepAliveHint(connections)];
  putInFront(
    app.server,
    quickCheck(services, { isStopping: isDraining, note: noteCheck, headers: headersInFront }),
    shedLoad(services, { isDraining, headers: headersInFront }),
  );
  app.server.on("connection", () => services.queue.noteConnection());
  if (env.trustProxy !== false) cleanForwardedFor(app.server, isTrusted);
  return app;
}

async function addProgramRoutes(app: FastifyInstance, services: Services) {
  const { facts, keys } = services;
  readJsonBodies(app);
  // Changes committed by other processes, revoked keys above all, are applied before the key is checked.
  app.addHook("onRequest", (_request, _reply, done) => {
    const looking = facts.look();
    const reading = looking ? looking.then(() => keys.refresh()) : keys.refresh();
    if (reading) reading.then(() => done(), done);
    else done();
  });
  app.addHook("onRequest", allowOrigin(services));
  await app.register(metricsApi, { services });
  await app.register(entitlementsApi, { services });
  await app.register(checksApi, { services });
  await app.register(async (managing) => {
    runInContext(managing, services);
    await managing.register(managementApi, { services });
  });
  await app.register(usageApi, { services });
  await app.register(posthogGroupsApi, { services });
  await app.register(corsPreflights, { services });
  await app.register(tokensApi, { services });
  await app.register(ofrepApi, { services });
  await app.register(streamApi, { services });
}

/** Handles bytes that are not HTTP, or arrive too slowly: there is no route and no reply yet. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const statusCode = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const problem = problemOf({ statusCode });
  const body = problemBody(problem);
  socket.end(
    `HTTP/1.1 ${statusCode} ${problem.code}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
}
