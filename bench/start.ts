import { performance } from "node:perf_hooks";
import { importGitlab, temporaryFile, withServices } from "./database";
import { median } from "./numbers";
import { startServer, stop } from "./process";

const runs = 9;

/** From the start of the process to the line that says it is ready, on a database that is there already. */
export async function benchStart() {
  const file = temporaryFile();
  await withServices(file, importGitlab);
  const took: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    const { child } = await startServer(`file:${file}`);
    took.push(performance.now() - started);
    await stop(child);
  }
  return { runs, medianMs: Math.round(median(took)), slowestMs: Math.round(Math.max(...took)) };
}
