import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

export type Received = {
  headers: IncomingHttpHeaders;
  body: string;
  type: string;
  data: { tenant?: { key: string }; grant?: { id: string } };
};
type Answer = (response: ServerResponse, received: Received) => void;

export const ok: Answer = (response) => response.writeHead(200).end("thanks");
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end(`status ${code}`);
/** Takes the request and never answers. */
export const hang: Answer = () => {};

/** A webhook receiver on loopback that answers as the test says. */
export async function startReceiver(answer: Answer = ok) {
  const received: Received[] = [];
  const state = { answer };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const one = { headers: request.headers, body, ...JSON.parse(body) };
      received.push(one);
      state.answer(response, one);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answerWith(next: Answer): void {
      state.answer = next;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** True if the library that receivers use accepts it. It compares the timestamp with the real clock. */
export function isSignedBy(secret: string, { headers, body }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}
