import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endSilentConnections } from "~/server/http/idle-connections.server";

const timeouts = { silence: 300, look: 20 };
/** More than the system takes off a server's hands for a client that does not read. */
const large = "x".repeat(64 * 1024 * 1024);

let work: Promise<string>;
let app: FastifyInstance;
let port: number;

async function start(silence: number) {
  app = Fastify();
  endSilentConnections(app, { ...timeouts, silence });
  app.get("/", async () => "ok");
  app.get("/work", () => work);
  app.get("/large", async () => large);
  app.get("/stream", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200);
    let beats = 0;
    const beating = setInterval(() => {
      reply.raw.write(".");
      if (++beats < 10) return;
      clearInterval(beating);
      reply.raw.end("end");
    }, timeouts.silence / 3);
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as AddressInfo).port;
}
beforeEach(() => start(timeouts.silence));
afterEach(() => app.close());

async function connect(path?: string): Promise<net.Socket> {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  if (path) socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  return socket;
}
async function allOf(socket: net.Socket): Promise<string> {
  let said = "";
  for await (const chunk of socket.setEncoding("latin1")) said += chunk;
  return said;
}

describe("a connection without a byte is hung up on, and not before its time", () => {
  test.each([["that never said a word", undefined] as const, ["whose request was answered", "/"] as const])(
    "one %s",
    async (_which, path) => {
      const since = performance.now();
      const said = await allOf(await connect(path));
      expect(performance.now() - since).toBeGreaterThanOrEqual(timeouts.silence);
      expect(said.includes("\r\n\r\nok")).toBe(path !== undefined);
    },
  );

  test("one whose client does not read what it asked for", async () => {
    const arrived = once(app.server, "connection");
    const socket = await connect("/large");
    socket.pause();
    const [atServer] = (await arrived) as [net.Socket];
    await once(atServer, "close");
    let read = 0;
    socket.on("data", (chunk) => {
      read += chunk.length;
    });
    await once(socket.resume(), "close");
    expect(read).toBeLessThan(large.length);
  });
});

describe("a connection stays as long as anything passes", () => {
  test("with an answer that is read slowly", async () => {
    const socket = await connect("/large");
    let read = 0;
    let pauses = 0;
    for await (const chunk of socket) {
      read += chunk.length;
      if (read < (pauses + 1) * 4 * 1024 * 1024) continue;
      pauses += 1;
      await new Promise((resolve) => setTimeout(resolve, timeouts.silence / 3));
      if (read > large.length) break;
    }
    expect(pauses).toBe(16);
    expect(read).toBeGreaterThan(large.length);
    socket.destroy();
  });

  test("while a request is in work, however long that takes", async () => {
    let finish = (_answer: string) => {};
    work = new Promise((resolve) => {
      finish = resolve;
    });
    const said = allOf(await connect("/work"));
    // Connections that came later are hung up on, one after the other.
    for (let i = 0; i < 3; i++) await allOf(await connect());
    finish("worked");
    expect(await said).toContain("\r\n\r\nworked");
  });

  test("with a stream that says little", async () => {
    const socket = await connect("/stream");
    expect(await allOf(socket)).toContain("end");
  });

  test("and is used again by a client, which is told how long it lasts", async () => {
    await app.close();
    await start(72_000);
    const agent = new http.Agent({ keepAlive: true });
    const ask = async () => {
      const request = http.get({ port, host: "127.0.0.1", agent });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      await once(response.resume(), "end");
      return { isAgain: request.reusedSocket, hint: response.headers["keep-alive"] };
    };
    expect(await ask()).toEqual({ isAgain: false, hint: "timeout=72" });
    expect(await ask()).toEqual({ isAgain: true, hint: "timeout=72" });
    agent.destroy();
  });
});

test("closing waits for nobody who never said a word", async () => {
  const socket = await connect();
  const closed = once(socket, "close");
  await app.close();
  await closed;
});
