import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Browsers and HTTP clients open connections in advance; node:http does not count one that never said a word as idle, and waits for it. */
export function endSilentConnections(app: FastifyInstance): void {
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  app.addHook("preClose", async () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  });
}
