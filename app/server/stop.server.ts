import type { FastifyInstance } from "fastify";
import type { Services } from "./services.server";
import { stopServices } from "./start.server";

/** Requests under way get this long, in ms; what still hangs on then is cut off. */
const patience = 8_000;

/** The first signal ends the process in order: not ready, no new connections, what runs runs out, the rest is written. The second at once. */
export function stopOnSignal(app: FastifyInstance, services: Services): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    services.log.info({ signal }, "stopping");
    const cut = setTimeout(() => app.server.closeAllConnections(), patience);
    try {
      await app.close();
      await stopServices(services);
      process.exit(0);
    } catch (err) {
      services.log.error({ err }, "could not stop in order");
      process.exit(1);
    } finally {
      clearTimeout(cut);
    }
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}
