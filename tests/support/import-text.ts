import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { applyImport } from "~/server/catalogue/import.server";
import type { Services } from "~/server/services.server";
import { ada } from "./facts";

/** Imports a catalogue with tenants from text; throws its problems. */
export async function importText(services: Services, text: string): Promise<void> {
  const read = readCatalogueFile("catalogue.yaml", text);
  const done = read.ok ? await applyImport(services, read, ada) : read;
  if (!done.ok) throw new Error(done.problems[0]?.message);
}
