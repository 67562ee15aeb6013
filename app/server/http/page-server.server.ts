import compress from "@fastify/compress";
import type { ServerBuild } from "@remix-run/node";
import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from "fastify";
import type { Services } from "~/server/services.server";
import { forwardedPageRequest } from "./page-request.server";
import { sendPageFailure, sendPlainPage } from "./plain-page.server";
import { captureFailures } from "./posthog-context.server";
import { remixRoutes } from "./remix.server";

/** In bytes: the largest head that the server accepts, with what it adds. */
const maxHeaderSize = 64 * 1024;

/**
 * Answers the pages that the server forwards. Headers of every response, the guards, limits of time and load, and the
 * log of requests are the server's.
 */
export async function createPageServer(services: Services, build: ServerBuild): Promise<FastifyInstance> {
  const { facts, keys, log } = services;
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: (request) => forwardedPageRequest(request).id,
    return503OnClosing: false,
    http: { maxHeaderSize, requireHostHeader: false, headersTimeout: 0, connectionsCheckingInterval: 2 ** 31 - 1 },
    frameworkErrors: (_error, _request, reply) => void sendPlainPage(reply, 400, "This address cannot be read. Check it and try again."),
  });
  // The server keeps its connections. Set here, because Fastify replaces 0 by its own default.
  app.server.keepAliveTimeout = 0;
  app.setErrorHandler((error: FastifyError, request, reply) => sendPageFailure(error, request, reply));
  captureFailures(app, services);
  // What the server and other nodes have committed is applied first.
  app.addHook("onRequest", async () => {
    await facts.confirm();
    await keys.refresh();
  });
  await app.register(compress, { encodings: ["br", "gzip"], threshold: 1024 });
  await app.register(remixRoutes, { services, build, pageRequest: ({ raw }) => forwardedPageRequest(raw) });
  return app;
}
