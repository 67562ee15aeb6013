#!/usr/bin/env node
// The command line (`npx latchkey …`): prepares the folder, then runs the built program.
import { ensureReady } from "./ensure-ready.mjs";
import { exitWith } from "./run.mjs";

try {
  await ensureReady({ packages: "runtime", quiet: true });
  await import(new URL("../build/server/cli.js", import.meta.url).href);
} catch (error) {
  exitWith(error);
}
