import { once } from "node:events";
import http from "node:http";
import { buffer } from "node:stream/consumers";
import { benchKey, copyOf, withServices } from "./database";
import { median, rounded } from "./numbers";
import { startServer, stop } from "./process";
import { tenantKey, tenantsDatabase } from "./tenants-database";

const rounds = 60;
const tenantsEach = 100;
const featuresEach = 100;

/** 100 tenants × 100 features in one POST: different tenants each time, first from the database, then from memory. */
export async function benchMany() {
  const file = copyOf(await tenantsDatabase(), "many");
  const { key, features } = await withServices(file, async (services) => ({
    key: await benchKey(services),
    features: [...services.facts.catalogue().features.keys()].slice(0, featuresEach),
  }));
  const server = await startServer(file);
  const took = { cold: [] as number[], warm: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const checks = Array.from({ length: tenantsEach }, (_, i) => ({ tenant: tenantKey(round * tenantsEach + i), features }));
      for (const state of ["cold", "warm", "warm"] as const) took[state].push(await post(server.port, key, { checks }));
    }
  } finally {
    agent.destroy();
    await stop(server.child);
  }
  const half = (list: number[]) => list.slice(list.length / 2); // The first half warms up the compiler.
  const report = (list: number[]) => ({ medianMs: rounded(median(half(list))), slowestMs: rounded(Math.max(...half(list))) });
  return { tenantsEach, featuresEach, rounds, inMemory: { ...report(took.warm), expectedMs: 20 }, fromTheDatabase: report(took.cold) };
}

const agent = new http.Agent({ keepAlive: true });

/** Milliseconds until the last byte. */
async function post(port: number, key: string, body: object): Promise<number> {
  const text = JSON.stringify(body);
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const started = performance.now();
  const request = http.request({ host: "127.0.0.1", port, method: "POST", path: "/api/entitlements", agent, headers }).end(text);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const bytes = await buffer(response);
  const took = performance.now() - started;
  const answer = bytes.toString();
  if (response.statusCode !== 200 || answer.split('"entitled":').length - 1 !== tenantsEach * featuresEach)
    throw new Error(`${response.statusCode}: ${answer.slice(0, 300)}`);
  return took;
}
