#!/usr/bin/env node
// The command line as people call it (`npx latchkey …`): makes the folder ready, then runs the built program.
import { ensureReady } from "./ensure-ready.mjs";
import { exitWith } from "./run.mjs";

try {
  await ensureReady({ packages: "runtime", quiet: true });
  await import(new URL("../build/server/cli.js", import.meta.url).href);
} catch (error) {
  exitWith(error);
}
