import net from "node:net";
import type { FastifyInstance } from "fastify";
import type { Services } from "~/server/services.server";

/** In ms. Requests still running after it are aborted. */
const requestTimeoutMs = 8_000;
/** In ms. How long a kept-alive connection may still deliver a last request, which is answered with `Connection: close`. */
const maxDrainMs = 1_000;

/**
 * `leaving`: `/readyz` says no, everything else continues. `draining`: no new connections, and each response closes its
 * connection.
 */
export type ShutdownPhase = "running" | "leaving" | "draining";
export type Shutdown = { phase: ShutdownPhase };

/** Adds `Connection: close` to responses while the process drains. */
export function closeWhileDraining(app: FastifyInstance, shutdown: Shutdown): void {
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (shutdown.phase === "draining") reply.header("connection", "close");
    done();
  });
}

/** Stops listening. Unlike node:http's close(), it keeps idle connections open, on which a request may be arriving. */
async function drain(app: FastifyInstance): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, maxDrainMs);
    net.Server.prototype.close.call(app.server, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * Shuts down at the first signal: leaves, drains, finishes requests, stops the rest. A second signal ends the process
 * immediately.
 */
export function stopOnSignal(app: FastifyInstance, services: Services, shutdown: Shutdown, stopRest: () => Promise<void>): void {
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
      await stopRest();
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
