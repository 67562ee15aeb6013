import { performance } from "node:perf_hooks";
import { copyOf } from "./database";
import { median } from "./numbers";
import { startServer, stop } from "./process";
import { tenantsDatabase, tenantsMade } from "./tenants-database";

const runs = 9;

/** Time from process start to the ready line, on an existing database. */
export async function benchStart() {
  const file = copyOf(await tenantsDatabase(), "start");
  const took: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    const { child } = await startServer(file);
    took.push(performance.now() - started);
    await stop(child);
  }
  return { tenants: tenantsMade, runs, medianMs: Math.round(median(took)), slowestMs: Math.round(Math.max(...took)), expectedMs: 2_000 };
}
