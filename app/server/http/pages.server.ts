import path from "node:path";
import compress from "@fastify/compress";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import type { ServerBuild } from "@remix-run/node";
import type { FastifyError, FastifyInstance, onRequestHookHandler } from "fastify";
import { EnvProblem } from "~/server/env.server";
import { findAbove } from "~/server/find-above.server";
import { isBuilt } from "~/server/is-built";
import type { Services } from "~/server/services.server";
import { sendPlainPage } from "./plain-page.server";
import { relay } from "./posthog-relay.server";
import { remixRoutes } from "./remix.server";
import { helmetOptions, refuseForeignForms } from "./security.server";

/** `refuseProgramPaths` answers requests in the API's namespace, of which no path is a page. */
type PagesOptions = { vite: boolean; build?: ServerBuild; refuseProgramPaths: onRequestHookHandler };

/** Registers the pages: from a given build, from the sources through Vite, or from the built program. */
export async function addPages(app: FastifyInstance, services: Services, { vite, build: given, refuseProgramPaths }: PagesOptions) {
  const { env, posthog } = services;
  app.addHook("onRequest", refuseProgramPaths);
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
  // Excluded from the bundle, which contains neither Vite nor the sources.
  if (!isBuilt && vite) return void (await app.register(remixRoutes, { services, build: await viteBuild(app) }));
  if (!isBuilt) throw new EnvProblem("The sources are served in development only: npm run dev. For everything else: npm start.");
  await app.register(compress, { encodings: ["br", "gzip"], threshold: 1024 });
  await addFiles(app);
  const build = await import("virtual:remix/server-build");
  await app.register(remixRoutes, { services, build });
}

/** Vite serves the sources and calls the next handler for everything else. */
async function viteBuild(app: FastifyInstance): Promise<() => Promise<ServerBuild>> {
  const { createServer } = await import("vite");
  const vite = await createServer({ server: { middlewareMode: true, hmr: { server: app.server } }, appType: "custom" });
  app.addHook("onClose", () => vite.close());
  app.addHook("onRequest", (request, reply, done) => {
    vite.middlewares(request.raw, reply.raw, (error?: unknown) => done(error as Error | undefined));
  });
  return () => vite.ssrLoadModule("virtual:remix/server-build") as Promise<ServerBuild>;
}

/** Registers one route per file of the browser build, found at start. */
async function addFiles(app: FastifyInstance) {
  const assets = findAbove("client", "assets");
  if (assets === null) throw new Error("The folder build/client is missing. Build again with: npm run build");
  const root = path.dirname(assets);
  const hashed = assets + path.sep;
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
