import { findAbove } from "~/server/find-above.server";

/** Returns a file of db/catalogues/, found next to the sources or next to the build. */
export function shippedCatalogue(name: string): string {
  const file = findAbove("db", "catalogues", name);
  if (file === null) throw new Error(`The file db/catalogues/${name} is missing. Install Latchkey again.`);
  return file;
}
