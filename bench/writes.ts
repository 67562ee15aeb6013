import { type ChildProcess, spawn } from "node:child_process";
import Sqlite from "better-sqlite3";
import { applyImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { readEnv } from "~/server/env.server";
import { createKey } from "~/server/keys/api-keys.server";
import { createServices, stopServices } from "~/server/process/start.server";
import { startPostgres } from "../tests/support/postgres-server";
import { operator, temporaryFile } from "./database";
import { median, rounded } from "./numbers";
import { fromHere, root, stop, untilLine } from "./process";
import { oneFeature, requestOf } from "./questions";

const clients = 64;
const tenants = 1_000;
const checksPerSecond = 100;
const seconds = 6;
const warmUpSeconds = 2;
const rounds = 3;
/** Allowed distance of a check's p99 beside writes from the idle one of the same round, in ms. */
const expectedAboveIdleMs = 5;

type Seen = {
  answeredPerSecond: number;
  statuses: { [status: string]: number };
  unanswered: number;
  p50: number;
  p90: number;
  p99: number;
  most: number;
};
type Kind = { name: string; requests: string[]; connections: number; perSecond: number; startMs?: number; count?: number };
type Target = { port: number; key: string };
type Engine = "sqlite" | "postgres";

const tenant = (i: number) => `t-${i % tenants}`;
const withBody = (method: string, path: string, key: string, body: object) => {
  const text = JSON.stringify(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

/** Each run has its own keys, because repeated events are not written again. */
let run = 0;
const usage = (key: string, count: number) => {
  run += 1;
  return Array.from({ length: count }, (_, i) =>
    withBody("POST", "/api/usage", key, {
      events: [{ tenant: tenant(i), feature: "calls", action: "add", quantity: 1, idempotencyKey: `${run}-${i}` }],
    }),
  );
};
const consumption = (key: string) =>
  Array.from({ length: tenants }, (_, i) =>
    withBody("POST", "/api/usage/consume", key, { tenant: tenant(i), feature: "calls", quantity: 1 }),
  );
const puts = (key: string, count = tenants) => {
  run += 1;
  return Array.from({ length: count }, (_, i) =>
    withBody("PUT", `/api/tenants/${tenant(i)}`, key, { name: `Tenant ${run}-${i}`, plan: "starter" }),
  );
};
const checks = ({ key }: Target): Kind => ({
  name: "check",
  requests: Array.from({ length: 100 }, (_, i) => requestOf(oneFeature(`quiet-${i}`, "sso"), key)),
  connections: 8,
  perSecond: checksPerSecond,
});

/** One check at a constant rate beside apps' writes, on both engines; server and load share the cores. */
export async function benchWrites() {
  const sqlite = await benchEngine("sqlite", `file:${temporaryFile("writes")}`);
  const server = await startPostgres();
  try {
    return { clients, tenants, checksPerSecond, rounds, secondsEach: seconds, sqlite, postgres: await benchEngine("postgres", server.url) };
  } finally {
    await server.stop();
  }
}

async function benchEngine(engine: Engine, url: string) {
  const key = await prepare(url);
  const { child, port } = await startServer(url);
  const at = { port, key };
  const perSecond = { usage: 5_000, consume: 2_000, put: 1_000 };
  const total = seconds + warmUpSeconds;
  const beside: { [row: string]: () => Kind[] } = {
    usageEvents: () => [{ name: "write", requests: usage(key, perSecond.usage * total), connections: clients, perSecond: perSecond.usage }],
    consumptions: () => [{ name: "write", requests: consumption(key), connections: clients, perSecond: perSecond.consume }],
    putTenants: () => [{ name: "write", requests: puts(key), connections: clients, perSecond: perSecond.put }],
    burstOf400Puts: () => [{ name: "write", requests: puts(key, 400), connections: 400, perSecond: 0, startMs: 3_000, count: 400 }],
  };
  try {
    await generate(at, beside.usageEvents?.() ?? []);
    const result: { [row: string]: unknown } = {};
    for (const [row, kinds] of Object.entries(beside)) result[row] = await besideIdle(at, kinds);
    if (engine === "sqlite") result.whileLockedFor4s = await whileLocked(at, url.slice("file:".length));
    return result;
  } finally {
    await stop(child);
  }
}

async function besideIdle(at: Target, kinds: () => Kind[]) {
  const idle: Seen[] = [];
  const busy: Seen[] = [];
  const writes: Seen[] = [];
  for (let i = 0; i < rounds; i++) {
    idle.push((await generate(at, [])).check as Seen);
    const { check, write } = await generate(at, kinds());
    busy.push(check as Seen);
    writes.push(write as Seen);
  }
  const over = (seen: Seen[], field: "p50" | "p99" | "most" | "answeredPerSecond") => rounded(median(seen.map((s) => s[field])));
  return {
    writesAnsweredPerSecond: over(writes, "answeredPerSecond"),
    writeStatuses: sum(writes),
    writesUnanswered: writes.reduce((n, w) => n + w.unanswered, 0),
    writeP50Ms: over(writes, "p50"),
    writeP99Ms: over(writes, "p99"),
    idleCheckP99Ms: over(idle, "p99"),
    checkP50Ms: over(busy, "p50"),
    checkP99Ms: over(busy, "p99"),
    checkSlowestMs: over(busy, "most"),
    checkP99AboveIdleMs: rounded(median(busy.map((b, i) => b.p99 - (idle[i] as Seen).p99))),
    expectedAboveIdleMs,
  };
}

/** Another process holds the file for 4 s while 64 clients report usage; the figures are of all checks since then. */
async function whileLocked(at: Target, file: string) {
  const idle = (await generate(at, [])).check as Seen;
  const requests = usage(at.key, 5_000);
  const generating = generate(at, [{ name: "write", requests, connections: clients, perSecond: 500 }]);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const other = new Sqlite(file);
  other.exec("BEGIN IMMEDIATE");
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  other.exec("ROLLBACK");
  other.close();
  const { check, write } = await generating;
  return {
    idleCheckP99Ms: rounded(idle.p99),
    checkP50Ms: rounded((check as Seen).p50),
    checkP99Ms: rounded((check as Seen).p99),
    checkSlowestMs: rounded((check as Seen).most),
    writeStatuses: (write as Seen).statuses,
    writesUnanswered: (write as Seen).unanswered,
  };
}

function sum(seen: Seen[]): { [status: string]: number } {
  const all: { [status: string]: number } = {};
  for (const { statuses } of seen) for (const [status, n] of Object.entries(statuses)) all[status] = (all[status] ?? 0) + n;
  return all;
}

async function prepare(url: string): Promise<string> {
  const services = await createServices(readEnv({ DATABASE_URL: url, LOG_LEVEL: "error", NODE_ENV: "production" }));
  try {
    const keys = [...Array.from({ length: tenants }, (_, i) => tenant(i)), ...Array.from({ length: 100 }, (_, i) => `quiet-${i}`)];
    const list = keys.map((key) => `  ${key}: { plan: starter }`).join("\n");
    const catalogue =
      "features:\n  sso: {}\n  calls: { meter: { resetPeriod: month } }\nplans:\n  starter: { features: { sso: true, calls: 1000000000 } }";
    const read = readCatalogueFile("bench.yaml", `latchkey: 1\n${catalogue}\ntenants:\n${list}\n`);
    if (!read.ok) throw new Error(JSON.stringify(read));
    const done = await applyImport(services, read, operator);
    if (!done.ok) throw new Error("The bench's catalogue cannot be imported");
    return (await createKey(services, operator, { name: "bench", scopes: ["check", "usage", "manage"], expiresAt: null })).key;
  } finally {
    await stopServices(services);
  }
}

const node = (args: string[], env: { [name: string]: string }, input = ""): ChildProcess => {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  return child;
};

async function startServer(url: string) {
  const program = process.env.BENCH_PROGRAM ?? "build/server/main.js";
  const env = { HOST: "127.0.0.1", PORT: "0", DATABASE_URL: url, LOG_LEVEL: "warn", LATCHKEY_RATE_LIMIT: "0" };
  const child = node([program], env);
  const [, port] = await untilLine(child, /ready on http:\/\/127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}

async function generate(at: Target, kinds: Kind[]): Promise<{ [kind: string]: Seen | undefined }> {
  const all = [checks(at), ...kinds].map((kind) => ({ port: at.port, ...kind }));
  const generator = node([fromHere("writes-load.mjs")], {}, JSON.stringify({ kinds: all, seconds, warmUpSeconds }));
  const [, line = ""] = await untilLine(generator, /^(\{.*\})$/);
  return JSON.parse(line);
}
