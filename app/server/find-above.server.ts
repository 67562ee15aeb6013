import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Finds a file or folder in the nearest folder above this code, built or as a source. Returns its path, or null. */
export function findAbove(...names: string[]): string | null {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const found = path.join(folder, ...names);
    if (existsSync(found)) return found;
    if (folder === path.dirname(folder)) return null;
  }
}
