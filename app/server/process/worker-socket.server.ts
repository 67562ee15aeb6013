import { once } from "node:events";
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import { RightWithdrawn } from "~/server/authority.server";
import { removeSocket } from "./private-folder.server";
import type { Background } from "./worker.server";
import type { WorkerMessage, WorkerRequest } from "./worker-messages";
import { type AskWorker, workerOrders } from "./worker-orders";

/** How long an order waits for a worker process that is being started again, and between two attempts, in ms. */
const maxWaitMs = 15_000;
const retryMs = 200;

type Order = Extract<WorkerRequest, { id: number }>;
export type Say = (message: WorkerMessage) => Promise<void>;

/** Sends a message with its length in front. Resolves once the next one may be sent. */
async function sendFrame(socket: net.Socket, message: object): Promise<void> {
  const body = serialize(message);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  socket.cork();
  socket.write(head);
  const isFlowing = socket.write(body);
  socket.uncork();
  if (!isFlowing && !socket.destroyed) await Promise.race([once(socket, "drain"), once(socket, "close")]);
}

async function* framesOf(socket: net.Socket): AsyncGenerator<unknown, undefined> {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 4;
  let isHead = true;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    // Chunks are joined once per message: joining at each chunk would copy a large message again and again.
    while (size >= wanted) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      const taken = all.subarray(0, wanted);
      chunks = all.length > wanted ? [all.subarray(wanted)] : [];
      size -= wanted;
      if (!isHead) yield deserialize(taken);
      wanted = isHead ? taken.readUInt32BE() : 4;
      isHead = !isHead;
    }
  }
}

/** Accepts orders from the page process, one per connection. A closed connection cancels its order. */
export function listenForOrders(path: string, answer: (order: Order, say: Say, signal: AbortSignal) => Promise<void>): net.Server {
  removeSocket(path);
  return net
    .createServer((socket) => {
      const controller = new AbortController();
      socket.on("error", () => {});
      socket.once("close", () => controller.abort(new Error("The page process no longer waits for this.")));
      const say: Say = (message) => sendFrame(socket, message);
      void (async () => {
        const { value } = await framesOf(socket).next();
        if (value) await answer(value as Order, say, controller.signal);
        socket.end();
      })().catch(() => socket.destroy());
    })
    .listen(path);
}

async function connect(path: string, isStopping: () => boolean): Promise<net.Socket> {
  for (const began = performance.now(); ; ) {
    const socket = net.connect(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (cause) {
      if (isStopping() || performance.now() - began > maxWaitMs) throw new Error("The background process has ended.", { cause });
      await wait(retryMs);
    }
  }
}

/** The worker process as another process than its parent sees it: it takes orders and is not started from here. */
export function connectBackground(path: string, wake: () => undefined): Background {
  let isStopping = false;

  const ask: AskWorker = async <T>(order: (id: number) => Order, signal?: AbortSignal, onPart?: (bytes: Uint8Array) => void) => {
    const socket = await connect(path, () => isStopping || signal?.aborted === true);
    const cancel = () => socket.destroy();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      signal?.throwIfAborted();
      socket.on("error", () => {});
      void sendFrame(socket, order(0));
      for await (const frame of framesOf(socket)) {
        const message = frame as WorkerMessage;
        if (message.kind === "part") onPart?.(message.bytes);
        else if (message.kind === "done") return message.result as T;
        else if (message.kind === "withdrawn") throw new RightWithdrawn(message.authority, message.why);
        else if (message.kind === "failed") throw message.error;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
      socket.destroy();
    }
    signal?.throwIfAborted();
    throw new Error("The background process has ended.");
  };

  return {
    ...workerOrders(ask),
    start: () => true,
    isOn: () => !isStopping,
    wake,
    onImport: () => {},
    async stop(): Promise<void> {
      isStopping = true;
    },
  };
}
