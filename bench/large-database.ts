import { renameSync } from "node:fs";
import { type DatasetSize, fillLargeDataset, largeSize } from "../tests/support/large-dataset";
import { keptFile, withServices } from "./database";

export const smallSize: DatasetSize = { ...largeSize, tenants: 1_000 };
export { largeSize };

/** A SQLite file with 1,000 plans, 1,000 features and this many tenants, with two grants each. Made once. */
export async function largeDatabase(size: DatasetSize): Promise<string> {
  const { file, isThere } = keptFile(`large-${size.tenants}-v3.db`);
  if (isThere) return file;
  process.stdout.write(`Making ${size.tenants} tenants on a catalogue of ${size.plans} plans, this once …\n`);
  const unfinished = `${file}.part`;
  await withServices(unfinished, async (services) => {
    await fillLargeDataset(services, `file:${unfinished}`, size);
    // Outcomes of trials are computed before, so that pages are not measured beside it.
    await services.trials.sweep();
  });
  renameSync(unfinished, file);
  return file;
}
