import { once } from "node:events";
import type { FastifyInstance } from "fastify";
import { readEnv } from "~/server/env.server";
import { createPageServer } from "~/server/http/page-server.server";
import { createLog } from "~/server/logging/log.server";
import { createLogOutput } from "~/server/logging/log-output.server";
import type { Services } from "~/server/services.server";
import type { PageOrder } from "./page-messages";
import { removePrivateFolder, removeSocket, socketIn } from "./private-folder.server";
import { processStatus } from "./process-status.server";
import { lowerPagePriority } from "./runtime-tuning.server";
import { createServerLink } from "./server-link.server";
import { outliveStandardStreams, sendConsoleToStderr } from "./standard-streams.server";
import { createServices, stopServices } from "./start.server";
import { connectBackground } from "./worker-socket.server";

/** Max bytes for facts and answers of the tenants whose pages were opened last. */
const maxCacheBytes = 32 * 1024 * 1024;

// Before anything else starts. On few cores the process that answers checks runs first.
lowerPagePriority();
outliveStandardStreams();
const logOutput = createLogOutput();
const link = createServerLink();
const [folder = ""] = process.argv.slice(2);
let running: { services: Services; close: () => Promise<unknown> } | undefined;

// Signals that a terminal or supervisor sends to all processes are handled by the server, which then stops this
// process.
process.on("SIGTERM", () => {}).on("SIGINT", () => {});
process.on("disconnect", endWithServer);
if (!process.connected) endWithServer();

/** A server that was killed leaves its sockets behind. */
function endWithServer(): void {
  removePrivateFolder(folder);
  void end(1);
}

async function end(code: number): Promise<never> {
  await logOutput.flush();
  process.exit(code);
}

/** Loaded before the database is there. */
const build = import("virtual:remix/server-build");

async function open(): Promise<void> {
  const given = readEnv();
  if (given.posthog?.debug) sendConsoleToStderr();
  const env = { ...given, cacheBytes: Math.min(given.cacheBytes, maxCacheBytes) };
  const wake = () => {
    link.say({ kind: "wake" });
    return undefined;
  };
  const own = await createServices(env, {
    log: createLog(env.logLevel, logOutput),
    logOutput,
    database: { mayCreate: false, role: "pages" },
    background: connectBackground(socketIn(folder, "worker"), wake),
    flagsFor: link.flagsFor,
  });
  const systemStatus = async () => ({ server: await link.status(), pages: processStatus("pages", own.now()) });
  // Checks are counted, and flags asked about, by the server.
  if (own.posthog) Object.assign(own.posthog, { flushLast: link.flush });
  const services: Services = { ...own, counts: { ...own.counts, flush: async () => void (await link.flush()) }, systemStatus };
  services.db.startThreads();
  await services.throttle.load();
  await services.posthog?.start(wake);
  const app = await createPageServer(services, await build);
  const path = socketIn(folder, "pages");
  removeSocket(path);
  // Not with Fastify's listen(), which logs a second address.
  await app.ready();
  await once(app.server.listen(path), "listening");
  running = { services: own, close: () => close(app) };
  link.say({ kind: "ready" });
}

async function close(app: FastifyInstance): Promise<void> {
  const closed = once(app.server, "close");
  app.server.close();
  app.server.closeIdleConnections();
  await closed;
  await app.close();
}

async function stop(): Promise<void> {
  await running?.close();
  if (running) await stopServices(running.services);
  await end(0);
}

/** By number: what ends the hold. */
const holds = new Map<number, () => void>();

function hold(number: number): void {
  const over = new Promise<void>((resolve) => holds.set(number, resolve));
  void running?.services.db.holdWrites(() => over);
}

function release(number: number): void {
  holds.get(number)?.();
  holds.delete(number);
}

process.on("message", (order: PageOrder) => {
  if (order.kind === "open") void open().catch(fail);
  else if (order.kind === "stop") void stop().catch(fail);
  else if (order.kind === "answer" || order.kind === "failed") link.settle(order);
  else if (order.kind === "hold") hold(order.number);
  else if (order.kind === "release") release(order.number);
  else void running?.services.posthog?.readDefinitions();
});

function fail(error: unknown): void {
  createLog("error", logOutput).error({ err: error }, "the page process failed");
  void end(1);
}
