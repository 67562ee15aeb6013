import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type Next = (error?: unknown) => void;
export type Handler = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** Runs handlers in order, as Express does; returns the URL. */
export async function serveMiddleware(...handlers: Handler[]): Promise<string> {
  const server = createServer((request, response) => {
    const run =
      (index: number): Next =>
      (error) => {
        if (error) response.writeHead(500).end(String(error));
        else handlers[index]?.(request, response, run(index + 1));
      };
    run(0)();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
