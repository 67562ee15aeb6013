import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { CapturedEvent } from "../fake-posthog/wire";

export type Gate = Awaited<ReturnType<typeof startGate>>;

/** A proxy in front of PostHog: counts concurrent requests, and answers those that `refuse` selects itself. */
export async function startGate(to: string, refuse: (batch: CapturedEvent[]) => number | undefined = () => undefined) {
  const state = { open: 0, maxOpen: 0, sizes: [] as number[] };
  const server = http.createServer(async (request, response) => {
    state.open += 1;
    state.maxOpen = Math.max(state.maxOpen, state.open);
    response.on("close", () => {
      state.open -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { batch } = JSON.parse(gunzipSync(body).toString()) as { batch: CapturedEvent[] };
    state.sizes.push(batch.length);
    const status = refuse(batch);
    if (status !== undefined) return response.writeHead(status).end();
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    try {
      const answer = await fetch(to + request.url, { method: "POST", headers, body });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    } catch {
      response.destroy();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
