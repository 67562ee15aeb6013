import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { featureKey, planKey, tenantKey } from "../tests/support/large-dataset";
import { pageAddresses } from "../tests/support/page-addresses";
import { benchKey, copyOf, withServices } from "./database";
import { largeDatabase, largeSize, smallSize } from "./large-database";
import { median, rounded } from "./numbers";
import { fromHere, startNode, startServer, stop, untilLine } from "./process";
import { benchSession } from "./session";

const repeats = 7;
/** Of the paced check, in ms. */
const everyMs = 5;
/** In ms. Longer than a check beside a page may take, so that checks do not count for two pages. */
const pauseMs = 100;
const maxRefused = 50;
const refusedPauseMs = 500;
const hot = 1_000;

export type Sample = [sentAt: number, ms: number, status: number];
type Visit = { began: number; ended: number; refused: number; bytes: number; compressed: number };

/**
 * Measures every page at 1,000 and 100,000 tenants, both on 1,000 plans and 1,000 features: time, size, and the slowest
 * of the paced checks that run beside it.
 */
export async function benchPages() {
  const addresses = addressesToVisit();
  const small = await visitAll(await largeDatabase(smallSize), addresses);
  const large = await visitAll(await largeDatabase(largeSize), addresses);
  const pages = Object.fromEntries(
    addresses.map((address) => {
      const [one, other] = [small.pages[address], large.pages[address]];
      return [address, { ...other, msAt1000Tenants: one?.ms, ratio: rounded((other?.ms ?? 0) / (one?.ms ?? 1)) }];
    }),
  );
  const above = (field: "ms" | "compressedKb" | "slowestCheckMs", most: number) =>
    addresses.filter((address) => (large.pages[address]?.[field] ?? 0) > most);
  return {
    repeats,
    checkEveryMs: everyMs,
    idle: large.idle,
    expected: { ms: 100, slowestCheckMs: 20 },
    above: { ms: above("ms", 100), slowestCheckMs: above("slowestCheckMs", 20) },
    pages,
  };
}

/** Every page of the route table, and the estimates of two changes. */
function addressesToVisit(): string[] {
  const known = { tenant: tenantKey(100), plan: planKey(5), feature: featureKey(0), id: "none", seq: "1", token: "none" };
  const estimates = [`/plans/${planKey(0)}/features/${featureKey(0)}?gives=no&was=null`, `/features/${featureKey(0)}/edit?ask=archive`];
  return [...new Set([...pageAddresses(known), ...estimates])].sort();
}

async function visitAll(original: string, addresses: string[]) {
  const file = copyOf(original, "pages");
  const { key, cookie } = await withServices(file, async (services) => ({
    key: await benchKey(services),
    cookie: await benchSession(services),
  }));
  const server = await startServer(file);
  const paths = Array.from({ length: hot }, (_, i) => `/api/entitlements?tenant=${tenantKey(i)}&feature=${featureKey(i % 20)}`);
  const client = startNode([fromHere("paced-checks.mjs")], 1, { input: JSON.stringify({ port: server.port, paths, key, everyMs }) });
  try {
    await untilLine(client, /ready/);
    const visits = new Map<string, Visit[]>(addresses.map((address) => [address, []]));
    await pause(3_000); // caches and the compiler
    for (const address of addresses) await visit(server.port, address, cookie);
    const idleFrom = Date.now();
    await pause(5_000);
    const idleTo = Date.now();
    for (let i = 0; i < repeats; i++) {
      for (const address of addresses) {
        visits.get(address)?.push(await visit(server.port, address, cookie));
        await pause(pauseMs);
      }
    }
    const samples = await samplesOf(client);
    const between = (from: number, to: number) => samples.filter(([at, ms]) => at + ms >= from && at <= to);
    const pages = Object.fromEntries(addresses.map((address) => [address, summaryOf(visits.get(address) ?? [], between)]));
    return { idle: checksOf(between(idleFrom, idleTo)), pages };
  } finally {
    client.kill();
    await stop(server.child);
  }
}

function summaryOf(visits: Visit[], between: (from: number, to: number) => Sample[]) {
  const last = visits.at(-1);
  const { slowestMs, refused } = checksOf(visits.flatMap(({ began, ended }) => between(began, ended)));
  return {
    ms: rounded(median(visits.map(({ began, ended }) => ended - began))),
    kb: Math.round((last?.bytes ?? 0) / 1024),
    compressedKb: Math.round((last?.compressed ?? 0) / 1024),
    slowestCheckMs: slowestMs,
    refusedChecks: refused,
    refusedPages: visits.reduce((sum, one) => sum + one.refused, 0),
  };
}

function checksOf(samples: Sample[]) {
  const times = samples.map(([, ms]) => ms).sort((a, b) => a - b);
  const at = (share: number) => rounded(times[Math.floor(times.length * share)] ?? 0);
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    slowestMs: rounded(times.at(-1) ?? 0),
    refused: samples.filter(([, , status]) => status !== 200).length,
  };
}

export async function samplesOf(client: ChildProcess): Promise<Sample[]> {
  if (!client.stdout) throw new Error("no output to read");
  const output = text(client.stdout);
  client.kill("SIGTERM");
  return JSON.parse(await output);
}

/** Waits and tries again if the page is refused because the machine is busy. */
async function visit(port: number, path: string, cookie: string): Promise<Visit> {
  for (let refused = 0; ; refused++) {
    const began = performance.timeOrigin + performance.now();
    const { status, html } = await get(port, path, cookie);
    const ended = performance.timeOrigin + performance.now();
    if (status < 500) return { began, ended, refused, bytes: html.length, compressed: gzipSync(html).length };
    if (status !== 503 || refused === maxRefused) throw new Error(`${path} answered ${status}`);
    await pause(refusedPauseMs);
  }
}

function get(port: number, path: string, cookie: string): Promise<{ status: number; html: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: "127.0.0.1", path, headers: { cookie, accept: "text/html" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, html: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
