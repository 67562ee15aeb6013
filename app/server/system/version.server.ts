import { readFileSync } from "node:fs";
import { findAbove } from "~/server/find-above.server";

let version: string | undefined;

/** The program's version, from its package.json. */
export function programVersion(): string {
  if (version === undefined) {
    const file = findAbove("package.json");
    version = file === null ? "unknown" : (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
  }
  return version;
}
