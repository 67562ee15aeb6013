import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Returns a file of db/catalogues/, found next to the sources or next to the build. */
export function shippedCatalogue(name: string): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, "db", "catalogues", name);
    if (existsSync(file)) return file;
    if (folder === path.dirname(folder)) throw new Error(`The file db/catalogues/${name} is missing. Install Latchkey again.`);
  }
}
