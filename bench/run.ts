// `npm run bench`: measures the program on this machine into bench/results/latest.json. `npm run bench -- check start`
// runs some parts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { benchCheck } from "./check";
import { benchImpact } from "./impact";
import { benchImport } from "./imports";
import { benchJobs } from "./jobs";
import { benchMany } from "./many";
import { benchOverload } from "./overload";
import { benchPace } from "./pace";
import { benchPages } from "./pages";
import { benchPosthog } from "./posthog";
import { fromHere, isPinned, leaveTheMeasuredCore } from "./process";
import { benchQuiet } from "./quiet";
import { benchScale } from "./scale";
import { benchStart } from "./start";
import { benchTenants } from "./tenants";
import { benchWrites } from "./writes";

const parts = {
  check: benchCheck,
  pace: benchPace,
  pages: benchPages,
  overload: benchOverload,
  impact: benchImpact,
  many: benchMany,
  scale: benchScale,
  posthog: benchPosthog,
  quiet: benchQuiet,
  tenants: benchTenants,
  start: benchStart,
  import: benchImport,
  writes: benchWrites,
  jobs: benchJobs,
};
type Part = keyof typeof parts;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(", ")}: ${Object.keys(parts).join(", ")}\n`);
  process.exit(2);
}

const file = fromHere("results/latest.json");
const before = () => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
};

const machine = {
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  serverHasItsOwnCore: isPinned,
};
leaveTheMeasuredCore();
const results: { [part: string]: unknown } = wanted.length > 0 ? before() : {};
for (const part of (wanted.length > 0 ? wanted : Object.keys(parts)) as Part[]) {
  process.stdout.write(`\n${part} …\n`);
  const busyBefore = Number((loadavg()[0] ?? 0).toFixed(1));
  const result = { at: new Date().toISOString(), loadAverageBefore: busyBefore, machine, ...(await parts[part]()) };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  results[part] = result;
  mkdirSync(fromHere("results"), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
