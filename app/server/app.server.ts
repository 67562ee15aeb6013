import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import compress from "@fastify/compress";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import type { ServerBuild } from "@remix-run/node";
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import { defaultBodyLimits } from "~/api/body-limits";
import { checksApi } from "~/api/checks.server";
import { allowOrigin, corsPreflights } from "~/api/cors.server";
import { noteDescriptions } from "~/api/described-routes";
import { entitlementsApi } from "~/api/entitlements.server";
import { healthRoutes } from "~/api/health.server";
import { readJsonBodies } from "~/api/json-bodies.server";
import { managementApi } from "~/api/management.server";
import { metricsApi } from "~/api/metrics.server";
import { ofrepApi, refuseUnreadableName } from "~/api/ofrep.server";
import { openApi } from "~/api/openapi.server";
import { posthogGroupsApi } from "~/api/posthog-groups.server";
import { type Problem, problemBody, problemType, sendProblem } from "~/api/problem.server";
import { isForPrograms, withoutDoubledSlashes } from "~/api/program-paths";
import { putInFront, quickCheck } from "~/api/quick-check.server";
import { referencePage } from "~/api/reference-page.server";
import { longestPart, noteRoutes, problemOf, refuseError, refuseStrangeMethods, refuseTheRest } from "~/api/refusals.server";
import { logRequests } from "~/api/request-log.server";
import { countInFlight, shedLoad } from "~/api/shed-load.server";
import { streamApi } from "~/api/stream.server";
import { addressProblem, refuseInvalidAddress } from "~/api/text-body.server";
import { tokensApi } from "~/api/tokens.server";
import { usageApi } from "~/api/usage.server";
import { cleanForwardedFor, createIsTrusted } from "./client-address.server";
import { EnvProblem } from "./env.server";
import { isBuilt } from "./is-built";
import { sendPlainPage } from "./plain-page.server";
import { captureFailures, runInContext } from "./posthog/doors.server";
import { relay } from "./posthog/relay.server";
import { randomText } from "./random.server";
import { remixRoutes } from "./remix.server";
import { baseHeaders, helmetOptions, refuseForeignForms } from "./security.server";
import type { Services } from "./services.server";
import { endSilentConnections, keepAliveHint } from "./silent-connections.server";
import { closeWhileDraining, type Shutdown } from "./stop.server";
import { refuseInvalidHost } from "./valid-host.server";

/** `vite`: pages come from the sources, with hot reload. `build`: pages that somebody made ready, for tests. */
export type AppOptions = { vite?: boolean; build?: ServerBuild; patience?: typeof patience; shutdown?: Shutdown };

/**
 * With slow clients, in milliseconds: for the headers, for the whole request, and with a connection without a byte, which is longer
 * than the minute that load balancers keep theirs. Looked at each `look`.
 */
const patience = { headers: 15_000, request: 30_000, silence: 72_000, look: 5_000 };

/** Both doors: routes for programs first, each page after. What a page needs in front of it costs a program nothing. */
export async function createApp(services: Services, options: AppOptions = {}): Promise<FastifyInstance> {
  const { vite = !isBuilt && !services.env.production, build, shutdown = { phase: "running" } } = options;
  const { headers, request, silence, look } = options.patience ?? patience;
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
    routerOptions: { maxParamLength: longestPart },
    bodyLimit: defaultBodyLimits.maxBytes,
    rewriteUrl: ({ url = "/" }) => withoutDoubledSlashes(url),
    http: { headersTimeout: headers, connectionsCheckingInterval: look },
    requestTimeout: request,
    // What still arrives on an open connection is answered; the connection ends with the answer.
    return503OnClosing: false,
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
  let strange = refuseStrangeMethods(new Map());
  app.setErrorHandler(refuseError);
  app.setNotFoundHandler((request, reply) => {
    if (isForPrograms(request)) return sendProblem(reply, strange(request));
    return sendPlainPage(reply, 405, "This page does not answer such a request.");
  });

  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headersOfAll);
    done();
  });
  app.addHook(
    "onRequest",
    refuseInvalidHost((request, reply) => {
      const detail = "The Host header is no host. Send the name or address of this server, with its port.";
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
  // Hot reload keeps a connection on which nothing may be said for hours.
  const connections = { silence: vite && !build ? 86_400_000 : silence, look };
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
  await app.register(referencePage);
  strange = refuseStrangeMethods(new Map(known));
  refuseTheRest(app, known);

  await app.register(async (pages) => addPages(pages, services, vite, build, strange));
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
  // What another process committed, a revoked key above all, is seen before the key is looked at.
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

async function addPages(
  app: FastifyInstance,
  services: Services,
  vite: boolean,
  given: ServerBuild | undefined,
  unknownToPrograms: (request: FastifyRequest) => Problem,
) {
  const { env, posthog } = services;
  // Whatever begins like an address for programs and is none: never a page.
  app.addHook("onRequest", (request, reply, done) => {
    if (isForPrograms(request)) sendProblem(reply, unknownToPrograms(request));
    else done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error, req: request }, "page failed");
    return sendPlainPage(
      reply,
      status,
      status >= 500 ? `Something went wrong. The log has the reason under ${request.id}.` : "This cannot be read.",
    );
  });
  await app.register(helmet, helmetOptions(env));
  app.addHook("onRequest", refuseForeignForms(env.publicUrl));
  if (posthog?.settings.browser) await app.register(relay, { settings: posthog.settings });
  if (given) return void (await app.register(remixRoutes, { services, build: given }));
  // Left out of the bundle, which contains neither Vite nor access to the sources.
  if (!isBuilt && vite) return void (await app.register(remixRoutes, { services, build: await viteBuild(app) }));
  if (!isBuilt) throw new EnvProblem("The sources are served in development only: npm run dev. For everything else: npm start.");
  await app.register(compress, { encodings: ["br", "gzip"], threshold: 1024 });
  await addFiles(app);
  const build = await import("virtual:remix/server-build");
  await app.register(remixRoutes, { services, build });
}

/** Vite answers for the sources and calls on when it has nothing. */
async function viteBuild(app: FastifyInstance): Promise<() => Promise<ServerBuild>> {
  const { createServer } = await import("vite");
  const vite = await createServer({ server: { middlewareMode: true, hmr: { server: app.server } }, appType: "custom" });
  app.addHook("onClose", () => vite.close());
  app.addHook("onRequest", (request, reply, done) => {
    vite.middlewares(request.raw, reply.raw, (error?: unknown) => done(error as Error | undefined));
  });
  return () => vite.ssrLoadModule("virtual:remix/server-build") as Promise<ServerBuild>;
}

/** One route for each file of the browser's build, found at start. */
async function addFiles(app: FastifyInstance) {
  const root = clientFolder();
  const hashed = path.join(root, "assets") + path.sep;
  await app.register(fastifyStatic, {
    root,
    wildcard: false,
    index: false,
    cacheControl: false,
    setHeaders: (response, file) => {
      response.setHeader("cache-control", file.startsWith(hashed) ? "public, max-age=31536000, immutable" : "public, max-age=3600");
    },
  });
}

/** Beside the server's own build, wherever that lies. */
function clientFolder(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "client", "assets"))) return path.join(folder, "client");
    if (folder === path.dirname(folder)) throw new Error("The folder build/client is missing. Build again with: npm run build");
  }
}

/** Bytes that are no HTTP request, or come too slowly: there is no route and no reply yet. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const statusCode = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  const problem = problemOf({ statusCode });
  const body = problemBody(problem);
  socket.end(
    `HTTP/1.1 ${statusCode} ${problem.code}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
}
