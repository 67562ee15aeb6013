import type { IncomingMessage } from "node:http";

/** How long a client may continue to send a refused body, in ms. */
const timeoutMs = 5_000;

/**
 * For a response that closes a connection on which the body is still arriving. Closing at once would make the system
 * reset the connection, and the client would lose the response. Only our half is closed, and incoming data is discarded
 * (RFC 9112, section 9.6).
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    socket.end();
    request.resume();
    const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
    socket.once("close", () => clearTimeout(timer));
  };
}
