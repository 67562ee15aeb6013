import { benchKey, copyOf, withServices } from "./database";
import { median, rounded } from "./numbers";
import { startServer, stop } from "./process";
import { tenantKey, tenantsDatabase } from "./tenants-database";

const rounds = 60;
const tenantsEach = 100;
const featuresEach = 100;

/** 100 tenants × 100 features in one POST: other tenants each time, first as they lie in the database, then in memory. */
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
    await stop(server.child);
  }
  const half = (list: number[]) => list.slice(list.length / 2); // the first half warms up the compiler
  const report = (list: number[]) => ({ medianMs: rounded(median(half(list))), slowestMs: rounded(Math.max(...half(list))) });
  return { tenantsEach, featuresEach, rounds, inMemory: { ...report(took.warm), expectedMs: 20 }, fromTheDatabase: report(took.cold) };
}

async function post(port: number, key: string, body: object): Promise<number> {
  const text = JSON.stringify(body);
  const started = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/api/entitlements`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: text,
  });
  const answer = await response.text();
  const took = performance.now() - started;
  if (response.status !== 200 || answer.split('"entitled":').length - 1 !== tenantsEach * featuresEach)
    throw new Error(`${response.status}: ${answer.slice(0, 300)}`);
  return took;
}
