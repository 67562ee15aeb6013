import path from "node:path";
import compress from "@fastify/compress";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import type { ServerBuild } from "@remix-run/node";
import type { FastifyError, FastifyInstance, onRequestHookHandler } from "fastify";
import { EnvProblem } from "~/server/env.server";
import { findAbove } from "~/server/find-above.server";
import { isBuilt } from "~/server/is-built";
import type { PageSupervisor } from "~/server/process/page-supervisor.server";
import type { Services } from "~/server/services.server";
import { forwardPages } from "./forward-pages.server";
import { sendPageFailure } from "./plain-page.server";
import { relay } from "./posthog-relay.server";
import { remixRoutes } from "./remix.server";
import { helmetOptions, refuseForeignForms } from "./security.server";

/** `refuseProgramPaths` refuses requests in the API's namespace, which has no pages. */
type PagesOptions = { vite: boolean; build?: ServerBuild; pages?: PageSupervisor; refuseProgramPaths: onRequestHookHandler };

/** Registers the pages: from a given build, from the sources through Vite, or from the page process. */
export async function addPages(app: FastifyInstance, services: Services, options: PagesOptions) {
  const { vite, build: given, pages, refuseProgramPaths } = options;
  const { env, posthog } = services;
  app.addHook("onRequest", refuseProgramPaths);
  app.setErrorHandler((error: FastifyError, request, reply) => sendPageFailure(error, request, reply));
  await app.register(helmet, helmetOptions(env));
  app.addHook("onRequest", refuseForeignForms(env.publicUrl));
  if (posthog?.settings.browser) await app.register(relay, { settings: posthog.settings });
  if (given) return void (await app.register(remixRoutes, { services, build: given }));
  // Excluded from the bundle, which contains neither Vite nor the sources.
  if (!isBuilt && vite) return void (await app.register(remixRoutes, { services, build: await viteBuild(app) }));
  if (!isBuilt) throw new EnvProblem("The sources are served in development only: npm run dev. For everything else: npm start.");
  await app.register(compress, { encodings: ["br", "gzip"], threshold: 1024 });
  await addFiles(app);
  if (!pages) throw new Error("The built program answers pages in a process of their own.");
  await app.register(forwardPages, { services, pages });
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
