import type { IncomingMessage } from "node:http";

/** How long a client may go on sending what was refused, in milliseconds. */
const patience = 5_000;

/**
 * For an answer that ends a connection on which the body is still arriving. Closed at once, the unread rest would make the
 * system reset the connection, and the client would lose the answer with it: so only our half is closed, and what still comes
 * is thrown away (RFC 9112, section 9.6).
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    socket.end();
    request.resume();
    const timer = setTimeout(() => socket.destroy(), patience).unref();
    socket.once("close", () => clearTimeout(timer));
  };
}
