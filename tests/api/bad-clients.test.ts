import { spawnSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { type Program, startProgram } from "../support/program";

const cli = fileURLToPath(new URL("../../build/server/cli.js", import.meta.url));

async function connect(url: string, more: { allowHalfOpen?: true } = {}): Promise<net.Socket> {
  const socket = net.connect({ port: Number(new URL(url).port), host: "127.0.0.1", ...more });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
const connectMany = (url: string, count: number) => Promise.all(Array.from({ length: count }, () => connect(url)));

/** Everything received until the end, or until there is a body. */
function told(socket: net.Socket, isEnough: (said: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
      if (isEnough(said)) resolve(said);
    });
    socket.on("close", () => resolve(said));
  });
}
const lastWords = (socket: net.Socket) => told(socket, () => false);
const firstAnswer = (socket: net.Socket) => told(socket, (said) => said.includes("}"));
const codeOf = (said: string) => [said.split("\r\n")[0], /"code":"(\w+)"/.exec(said)?.[1]];

describe("a client that is slow", () => {
  let api: Api;
  const timeouts = { headers: 300, request: 600, silence: 900, look: 50 };
  beforeAll(async () => {
    api = await startApi("sqlite", { timeouts });
  });
  afterAll(() => api.stop());
  const upload = (length: number) =>
    `PUT /api/tenants/slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.keys.manage}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n{"name":`;

  test("with its headers gets 408 and the end, with hundreds like it, and holds nobody up meanwhile", async () => {
    const slow = await connectMany(api.origin, 300);
    for (const socket of slow) socket.write("GET /api/entitlements?tenant=acme HTTP/1.1\r\nhost: x\r\nx: ");
    expect((await api.get("/api/entitlements?tenant=acme&feature=sso")).status).toBe(200);
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write("y");
    }, 20);
    const ends = await Promise.all(slow.map(lastWords));
    clearInterval(drip);
    for (const said of ends) expect(codeOf(said)).toEqual(["HTTP/1.1 408 too_slow", "too_slow"]);
  });

  test("with its body gets the same, and nothing of what it sent is done", async () => {
    const socket = await connect(api.origin);
    socket.write(upload(1000));
    const drip = setInterval(() => void (socket.writable && socket.write(" ")), 20);
    expect(codeOf(await lastWords(socket))).toEqual(["HTTP/1.1 408 too_slow", "too_slow"]);
    clearInterval(drip);
    expect((await api.get("/api/tenants/slow", api.keys.manage)).status).toBe(404);
  });

  test("that says nothing at all, before a request or after one, is hung up on", async () => {
    const silent = await connect(api.origin);
    const used = await connect(api.origin);
    used.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(await lastWords(used)).toMatch(/^HTTP\/1\.1 200 /);
    await lastWords(silent);
  });
});

describe("a server in a process of its own", () => {
  let program: Program;
  let key: string;
  beforeAll(async () => {
    program = await startProgram({ LOG_LEVEL: "info" });
    const args = [cli, "keys", "create", "--name", "bad", "--scope", "manage", "--scope", "usage", "--scope", "check", "--json"];
    key = JSON.parse(spawnSync(process.execPath, args, { env: program.env, encoding: "utf8" }).stdout).key;
  });
  afterAll(async () => {
    await program.stop();
  });
  const send = (method: string, path: string, body: string, headers = {}) =>
    fetch(program.url + path, {
      method,
      body,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    });
  const head = (length: string) =>
    `PUT /api/tenants/big HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
  const isWell = async () => expect((await fetch(`${program.url}/healthz`)).status).toBe(200);

  test("refuses a body of 10 MB by its length, without reading it, and one that hides its length as soon as it is too long", async () => {
    const announced = await connect(program.url);
    announced.write(head(`content-length: ${10 * 1024 * 1024}`));
    expect(codeOf(await firstAnswer(announced))).toEqual(["HTTP/1.1 413 Payload Too Large", "body_too_large"]);
    announced.destroy();
    const hidden = await connect(program.url);
    hidden.write(head("transfer-encoding: chunked"));
    const answered = firstAnswer(hidden);
    for (let i = 0; i < 160; i++) hidden.write(`10000\r\n${"x".repeat(0x10000)}\r\n`);
    expect(codeOf(await answered)).toEqual(["HTTP/1.1 413 Payload Too Large", "body_too_large"]);
    hidden.destroy();
    await isWell();
  });

  test("tells whoever sends all of 10 MB before it reads, each time, and hangs up on who never stops", async () => {
    for (let i = 0; i < 20; i++) {
      const answer = await send("PUT", "/api/tenants/big", "x".repeat(10 * 1024 * 1024));
      expect([answer.status, await answer.json()]).toMatchObject([413, { code: "body_too_large", field: "body" }]);
      const flag = await send("POST", "/ofrep/v1/evaluate/flags/sso", "x".repeat(10 * 1024 * 1024));
      expect([flag.status, await flag.json()]).toMatchObject([413, { key: "sso", errorCode: "GENERAL" }]);
    }
    const endless = await connect(program.url, { allowHalfOpen: true });
    const answered = firstAnswer(endless);
    endless.write(head("transfer-encoding: chunked"));
    const more = setInterval(() => void (endless.writable && endless.write(`10000\r\n${"x".repeat(0x10000)}\r\n`)), 5);
    expect(codeOf(await answered)).toEqual(["HTTP/1.1 413 Payload Too Large", "body_too_large"]);
    await new Promise((resolve) => endless.once("close", resolve));
    clearInterval(more);
    await isWell();
  });

  test("does nothing of uploads that are broken off, however many, and goes on", async () => {
    const sockets = await connectMany(program.url, 200);
    for (const [i, socket] of sockets.entries()) {
      const [method, path] = i % 2 === 0 ? ["PUT", "/api/tenants/half"] : ["POST", "/api/usage"];
      socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"name":"x"`,
      );
    }
    for (const [i, socket] of sockets.entries()) i % 3 === 0 ? socket.end() : socket.resetAndDestroy();
    expect((await send("GET", "/api/tenants/half", undefined as unknown as string)).status).toBe(404);
    await isWell();
    expect(program.output()).not.toMatch(/"level":(50|60)/);
  });

  test("answers with a problem document to everything that is no number, no event and no HTTP", async () => {
    await send("PUT", "/api/features/calls", '{"type":"metered","meter":{"resetPeriod":"day"}}');
    await send("PUT", "/api/tenants/acme", "{}");
    const consume = async (quantity: string) => {
      const answer = await send("POST", "/api/usage/consume", `{"tenant":"acme","feature":"calls","quantity":${quantity}}`);
      const { code, field } = await answer.json();
      return [quantity, answer.status, code, field];
    };
    for (const quantity of ["NaN", "Infinity", "01", "+1"])
      expect(await consume(quantity)).toEqual([quantity, 400, "invalid_json", undefined]);
    for (const quantity of ["-1", "0", "0.5", "9007199254740992", "1e400", "-1e400", '"1"', "null", "[1]"])
      expect(await consume(quantity)).toEqual([quantity, 400, "invalid_request", "quantity"]);
    const event = (more: object) => ({ tenant: "acme", feature: "calls", idempotencyKey: `k${Math.random()}`, ...more });
    const inTime = (ms: number) => new Date(Date.now() + ms).toISOString();
    const events = [{ time: inTime(600_000) }, { time: inTime(-8 * day) }, { quantity: 0.5 }, { action: "set", quantity: -1 }, {}].map(
      event,
    );
    const { results } = await (await send("POST", "/api/usage", JSON.stringify({ events }))).json();
    expect(results.map((r: { status: string; field?: string }) => r.field ?? r.status)).toEqual([
      "time",
      "time",
      "quantity",
      "quantity",
      "recorded",
    ]);
    for (const bytes of [
      "hello\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "\u0016\u0003\u0001\u0002",
      `GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ]) {
      const socket = await connect(program.url);
      socket.write(bytes);
      if (bytes.length < 10) socket.end();
      const said = await lastWords(socket);
      if (said !== "") expect(said).toMatch(/^HTTP\/1\.1 4(00|31) [\s\S]*problem\+json/);
    }
    await isWell();
  });

  test("stops in order though hundreds of slow clients hang on", async () => {
    const other = await startProgram();
    const slow = await connectMany(other.url, 200);
    for (const [i, socket] of slow.entries()) if (i % 2 === 0) socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\nx: ");
    expect(await other.stop()).toBe(0);
    for (const socket of slow) socket.destroy();
  });
});
