import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { RightWithdrawn } from "~/server/authority.server";
import { connectBackground, listenForOrders, type Say } from "./worker-socket.server";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Answer = Parameters<typeof listenForOrders>[1];

function socketPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-socket-"));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, "worker.sock");
}

async function listen(at: string, answer: Answer): Promise<net.Server> {
  const server = listenForOrders(at, answer);
  await once(server, "listening");
  stops.push(() => server.close());
  return server;
}

const connect = (at: string) => connectBackground(at, () => undefined);
const previewed = (result: unknown) => ({ kind: "done", id: 0, result }) as Parameters<Say>[0];

test("orders of many megabytes and their results arrive unchanged, each to whoever sent it", async () => {
  const at = socketPath();
  await listen(at, (order, say) => say(previewed(order.kind === "preview" ? order.file.text : null)));
  const background = connect(at);
  const texts = Array.from({ length: 8 }, (_, i) => `${i}é`.repeat(1_000_000));
  const results = (await Promise.all(texts.map((text) => background.preview({ name: "a", text })))) as unknown[];
  expect(results.map((text, i) => text === texts[i])).toEqual(texts.map(() => true));
});

test("a result in parts is whole and in order", async () => {
  const at = socketPath();
  await listen(at, async ({ id }, say) => {
    for (let i = 0; i < 200; i++) await say({ kind: "part", id, bytes: Buffer.alloc(64 * 1024, i) });
    await say(previewed({ mark: "m", revision: 1, tenants: 2 }));
  });
  const { parts, ...rest } = await connect(at).export({ tenants: true, format: "yaml" });
  expect(rest).toEqual({ mark: "m", revision: 1, tenants: 2 });
  expect(parts.map((part) => [part.length, part[0], part.at(-1)])).toEqual(Array.from({ length: 200 }, (_, i) => [64 * 1024, i, i]));
});

test("an order that is no longer wanted is cancelled there", async () => {
  const at = socketPath();
  const cancelled: unknown[] = [];
  const begun: (() => void)[] = [];
  await listen(at, async (_order, _say, signal) => {
    for (const resolve of begun.splice(0)) resolve();
    await once(signal, "abort");
    cancelled.push(signal.reason);
  });
  const controller = new AbortController();
  const isBegun = new Promise<void>((resolve) => begun.push(resolve));
  const asked = connect(at).preview({ name: "a", text: "b" }, false, false, controller.signal);
  await isBegun;
  controller.abort(new Error("hung up"));
  await expect(asked).rejects.toThrow("hung up");
  await expect.poll(() => cancelled).toHaveLength(1);
});

test("errors arrive as what they are, and a process that ends fails what waits for it", async () => {
  const at = socketPath();
  await listen(at, async ({ id, kind }, say) => {
    const authority = { kind: "admin", id: "adm_1" } as unknown as RightWithdrawn["authority"];
    if (kind === "import") await say({ kind: "withdrawn", id, authority, why: "gone" as RightWithdrawn["why"] });
    else if (kind === "preview") await say({ kind: "failed", id, error: new Error("no such plan") });
  });
  const background = connect(at);
  await expect(background.preview({ name: "a", text: "b" })).rejects.toThrow("no such plan");
  const importing = background.import({ name: "a", text: "b" }, { kind: "system", id: "x", name: "x" } as never, null, undefined);
  await expect(importing).rejects.toBeInstanceOf(RightWithdrawn);
  await expect(background.auditEntry(1)).rejects.toThrow("The background process has ended.");
});

test("an order waits for a process that is being started", async () => {
  const at = socketPath();
  const asked = connect(at).preview({ name: "a", text: "b" });
  await listen(at, (_order, say) => say(previewed("started")));
  await expect(asked).resolves.toBe("started");
});
