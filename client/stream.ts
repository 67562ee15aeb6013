import type { Transport } from "./ask.js";

/** Max delay before a broken stream is reopened, in ms. */
const maxPauseMs = 30_000;
const minPauseMs = 500;
/** Latchkey sends a byte every 20 seconds. After this long without one the connection is dead, in ms. */
const deadAfter = 60_000;

export type Changes = { follow: (tenant: string) => void; close: () => void };

/** Subscribes to the `most` most recently requested tenants and calls `forget` on each change. */
export function createChanges(transport: Transport, most: number, forget: (tenant: string) => void): Changes {
  const streams = new Map<string, AbortController>();
  let isClosed = false;

  async function listen(tenant: string, given: AbortSignal): Promise<void> {
    let lastId: string | undefined;
    let pause = minPauseMs;
    while (!given.aborted) {
      try {
        for await (const event of read(transport, tenant, lastId, given)) {
          pause = minPauseMs;
          if (event.id !== undefined) lastId = event.id;
          // Answers from before the stream opened may be outdated.
          if (event.name === "ready" || event.name === "changed") forget(tenant);
        }
      } catch {
        // Without the stream answers live for half a minute; it is reopened.
      }
      if (!given.aborted) await sleep(pause, given);
      pause = Math.min(maxPauseMs, pause * 2);
    }
  }

  return {
    follow(tenant) {
      const known = streams.get(tenant);
      if (known) {
        streams.delete(tenant);
        streams.set(tenant, known);
        return;
      }
      if (isClosed) return;
      const given = new AbortController();
      streams.set(tenant, given);
      for (const [oldest, stream] of streams) {
        if (streams.size <= most) break;
        stream.abort();
        streams.delete(oldest);
      }
      void listen(tenant, given.signal);
    },
    close() {
      isClosed = true;
      for (const stream of streams.values()) stream.abort();
      streams.clear();
    },
  };
}

type Event = { name: string; id: string | undefined };

async function* read(
  { url, key, fetch: given }: Transport,
  tenant: string,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}`, accept: "text/event-stream" };
  if (lastId !== undefined) headers["last-event-id"] = lastId;
  const attempt = new AbortController();
  const end = () => attempt.abort();
  signal.addEventListener("abort", end);
  let watchdog = setTimeout(end, deadAfter);
  try {
    const send = given ?? globalThis.fetch;
    const response = await send(`${url}/api/stream?tenant=${encodeURIComponent(tenant)}`, {
      headers,
      signal: attempt.signal,
      redirect: "error",
    });
    if (response.status !== 200 || !response.body) throw new Error(`Latchkey answered ${response.status}.`);
    const decoder = new TextDecoder();
    let text = "";
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(watchdog);
      watchdog = setTimeout(end, deadAfter);
      text += decoder.decode(part.value, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) yield { name: field(block, "event") ?? "", id: field(block, "id") };
    }
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", end);
    attempt.abort();
  }
}

const field = (block: string, name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
