import { benchKey, copyOf, withServices } from "./database";
import { generate } from "./load";
import { rounded } from "./numbers";
import { startServer, stop } from "./process";
import { oneFeature, requestOf } from "./questions";
import { benchSession } from "./session";
import { tenantKey, tenantsDatabase } from "./tenants-database";

const seconds = 20;
const times = 2;
const hot = 1_000;
const checksInOne = 20;
/** Every tenth request is a page. */
const checksPerPage = 9;
const connections = 16;

type Seen = { sent: number; accepted: number; p50: number; p99: number; refused: number; others: object; unanswered: number };
type Run = { elapsed: number; maxOpen: number; kinds: { [kind: string]: Seen } };
type Workload = { mix: string[]; requests: { [kind: string]: string[] } };

/**
 * Offers a server twice its capacity for 20 s. Capacity is measured first with closed-loop connections. Latency counts
 * from when a request was due.
 */
export async function benchOverload(only?: string) {
  const file = copyOf(await tenantsDatabase(), "overload");
  const { key, cookie } = await withServices(file, async (services) => ({
    key: await benchKey(services),
    cookie: await benchSession(services),
  }));
  const workloads = workloadsOf(key, cookie);
  const server = await startServer(file);
  try {
    const results: { [name: string]: object } = {};
    for (const [name, workload] of Object.entries(workloads)) {
      if (only !== undefined && name !== only) continue;
      const ask = (more: object): Promise<Run> => generate("open-load.mjs", { port: server.port, ...workload, ...more });
      await ask({ connections, seconds: 3 }); // caches and the compiler
      const { elapsed, kinds } = await ask({ connections, seconds: 5 });
      const capacity = Object.values(kinds).reduce((sum, { accepted }) => sum + accepted, 0) / elapsed;
      const perSecond = Math.round(capacity * times);
      const run = await ask({ perSecond, seconds });
      results[name] = { capacity: Math.round(capacity), offeredPerSecond: perSecond, maxConnections: run.maxOpen, ...summaryOf(run) };
    }
    return { seconds, timesCapacity: times, expectedP99Ms: 100, expectedUnanswered: 0, ...results };
  } finally {
    await stop(server.child);
  }
}

function summaryOf({ kinds }: Run) {
  const of = ({ sent, accepted, p50, p99, refused, others, unanswered }: Seen) => ({
    sent,
    accepted,
    acceptedP50Ms: p50 && rounded(p50),
    acceptedP99Ms: p99 && rounded(p99),
    refused,
    ...(Object.keys(others).length > 0 ? { others } : {}),
    unanswered,
  });
  return Object.fromEntries(Object.entries(kinds).map(([kind, seen]) => [kind, of(seen)]));
}

/** Checks that lie ready beside pages; and batches of checks alone, which the route answers. */
function workloadsOf(key: string, cookie: string): { [name: string]: Workload } {
  const tenants = Array.from({ length: hot }, (_, i) => tenantKey(i));
  const check = tenants.map((tenant) => requestOf(oneFeature(tenant), key));
  const page = tenants.map(
    (tenant) => `GET /tenants/${tenant} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nCookie: ${cookie}\r\n\r\n`,
  );
  const batch = tenants.map((_, i) => {
    const checks = Array.from({ length: checksInOne }, (_, n) => ({ tenant: tenantKey(i + n), feature: "epics" }));
    const body = JSON.stringify({ checks });
    const head = `POST /api/entitlements HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`;
    return `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  return {
    checksAndPages: { mix: [...Array.from({ length: checksPerPage }, () => "check"), "page"], requests: { check, page } },
    batchesOfChecks: { mix: ["batch"], requests: { batch } },
  };
}
