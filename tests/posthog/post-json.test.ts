import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { AnswerTooLarge, AnswerTooLate, postJson } from "~/server/posthog/post-json.server";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(request, response, ++count));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/flags/?v=2`, asked: () => count };
}
const post = (url: string, body = "{}") => postJson(url, body, { timeout: 500, largest: 1_000 });

test("says status and text, over a connection that stays open", async () => {
  const ports = new Set<number | undefined>();
  const { url } = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.writeHead(201).end(`${request.method} ${request.url} ${request.headers["content-type"]} ${request.headers["content-length"]}`);
  });
  for (let i = 0; i < 3; i++) expect(await post(url, '"ä"')).toEqual({ status: 201, text: "POST /flags/?v=2 application/json 4" });
  expect(ports.size).toBe(1);
});

test("follows no redirect: the key goes to the host in the settings and nowhere else", async () => {
  const other = await serve((_, response) => response.end("{}"));
  const { url } = await serve((_, response) => response.writeHead(302, { location: other.url }).end());
  expect(await post(url)).toMatchObject({ status: 302 });
  expect(other.asked()).toBe(0);
});

test("an answer that comes a byte at a time, or stops in its middle, is too late", async () => {
  const { url } = await serve((_, response, count) => {
    response.write("{");
    if (count > 1) return;
    const timer = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(timer));
  });
  for (let i = 0; i < 2; i++) await expect(post(url)).rejects.toThrow(AnswerTooLate);
});

test("an answer beyond all measure is given up", async () => {
  const { url } = await serve((_, response) => response.end("x".repeat(1_001)));
  await expect(post(url)).rejects.toThrow(AnswerTooLarge);
});

test("half an answer is none", async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200, { "content-length": 10 }).write("{}");
    setTimeout(() => response.destroy(), 20);
  });
  await expect(post(url)).rejects.toThrow();
});

test("a connection that the other side closes just when it is used again is no failure; a new one that it closes is", async () => {
  const { url, asked } = await serve((request, response, count) => {
    if (count === 2) request.socket.resetAndDestroy();
    else response.end("{}");
  });
  await post(url);
  expect(await post(url)).toMatchObject({ status: 200 });
  expect(asked()).toBe(3);
  const broken = await serve((request) => request.socket.resetAndDestroy());
  await expect(post(broken.url)).rejects.toThrow();
  expect(broken.asked()).toBe(1);
});
