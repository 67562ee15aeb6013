import { once } from "node:events";
import http from "node:http";
import { setInterval } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { keepAlive } from "./support/keep-alive";
import { type Program, startProgram } from "./support/program";

const nodes: (Program | undefined)[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node?.kill();
});

/** How often the client asks for readiness, and how often each of its loops sends a request, in ms. */
const readinessIntervalMs = 50;
const requestIntervalMs = 5;

const start = () => startProgram({ SHUTDOWN_DELAY_SECONDS: "1" });

test("a rolling restart fails no request of a client that asks for readiness", async () => {
  nodes.push(await start(), await start());
  const client = keepAlive(4);
  const ready = new Map<Program, boolean>();
  const failures: unknown[] = [];
  let answered = 0;
  let isDone = false;
  const askReadiness = async () => {
    for await (const _ of setInterval(readinessIntervalMs)) {
      if (isDone) return;
      for (const node of nodes) if (node) ready.set(node, (await fetch(`${node.url}/readyz`).catch(() => undefined))?.status === 200);
    }
  };
  const load = async () => {
    for await (const _ of setInterval(requestIntervalMs)) {
      if (isDone) return;
      const node = nodes.find((each) => each && ready.get(each));
      if (!node) continue;
      const { status } = await client.ask(node.url, { path: "/healthz", headers: {} }).catch((error) => ({ status: error }));
      if (status === 200) answered += 1;
      else failures.push(status);
    }
  };
  const working = [askReadiness(), load(), load(), load(), load()];
  for (const which of [0, 1, 0]) {
    const before = answered;
    await expect.poll(() => answered, { timeout: 10_000 }).toBeGreaterThan(before + 20);
    expect(await nodes[which]?.stop()).toBe(0);
    nodes[which] = await start();
  }
  isDone = true;
  await Promise.all(working);
  client.close();
  expect(failures).toEqual([]);
});

test("after SIGTERM /readyz says 503 while requests are accepted, and an idle connection's last answer closes it", async () => {
  const node = await start();
  nodes.push(node);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const [answer] = (await once(http.get(`${node.url}/healthz`, { agent }), "response")) as [http.IncomingMessage];
    await once(answer.resume(), "end");
    return answer.headers.connection;
  };
  expect(await ask()).toBe("keep-alive");
  const stopped = node.stop();
  await expect.poll(async () => (await fetch(`${node.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  const isAccepting = () => fetch(`${node.url}/healthz`, { headers: { connection: "close" } }).then(Boolean, () => false);
  await expect.poll(isAccepting, { timeout: 10_000 }).toBe(false);
  expect(await ask()).toBe("close");
  expect(await stopped).toBe(0);
  agent.destroy();
  nodes.length = 0;
});
