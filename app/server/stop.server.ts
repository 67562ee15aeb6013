import net from "node:net";
import type { FastifyInstance } from "fastify";
import type { Services } from "./services.server";
import { stopServices } from "./start.server";

/** In ms. After it, requests that are still running are cut off. */
const requestTimeoutMs = 8_000;
/** In ms. How long a kept-alive connection may still bring a last request, which is answered with `Connection: close`. */
const maxDrainMs = 1_000;

/** `leaving`: `/readyz` says no, everything else goes on. `draining`: no new connections, and each answer ends its connection. */
export type ShutdownPhase = "running" | "leaving" | "draining";
export type Shutdown = { phase: ShutdownPhase };

/** Sends `Connection: close` with each answer that goes out while the process drains. */
export function closeWhileDraining(app: FastifyInstance, shutdown: Shutdown): void {
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (shutdown.phase === "draining") reply.header("connection", "close");
    done();
  });
}

/** Stops listening. Unlike node:http's own close(), it leaves idle connections open, on which a request may be under way. */
async function drain(app: FastifyInstance): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, maxDrainMs);
    net.Server.prototype.close.call(app.server, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Stops the process in order at the first signal: leaves, drains, finishes requests, writes the rest. The second signal ends it at once. */
export function stopOnSignal(app: FastifyInstance, services: Services, shutdown: Shutdown): void {
  const stop = async (signal: NodeJS.Signals) => {
    if (shutdown.phase !== "running") process.exit(1);
    const { env, log, logOutput } = services;
    const { shutdownDelayMs } = env;
    shutdown.phase = "leaving";
    log.info({ signal, delayMs: shutdownDelayMs }, "stopping");
    if (shutdownDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, shutdownDelayMs));
    shutdown.phase = "draining";
    const cut = setTimeout(() => app.server.closeAllConnections(), requestTimeoutMs);
    try {
      await drain(app);
      await app.close();
      await stopServices(services);
      await logOutput.flush();
      process.exit(0);
    } catch (err) {
      log.error({ err }, "could not stop in order");
      await logOutput.flush();
      process.exit(1);
    } finally {
      clearTimeout(cut);
    }
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}
