import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Program } from "../support/program";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What an operator types, beside the running server. */
export function latchkey(server: Program, ...args: string[]): string {
  const run = spawnSync(process.execPath, ["build/server/cli.js", ...args], { cwd: root, env: server.env, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`latchkey ${args.join(" ")} failed:\n${run.stdout}${run.stderr}`);
  return run.stdout;
}

/** Imports a catalogue file's text. */
export function importText(server: Program, text: string, folder: string): void {
  const file = path.join(folder, "catalogue.yaml");
  writeFileSync(file, text);
  latchkey(server, "import", file, "--yes");
}
