import { readCatalogueFile } from "~/forms/catalogue-file";
import { applyImport } from "~/server/import.server";
import type { Services } from "~/server/services.server";
import { ada } from "./facts";

/** A catalogue as people write it, with its tenants; throws what is wrong with it. */
export async function importText(services: Services, text: string): Promise<void> {
  const read = readCatalogueFile("catalogue.yaml", text);
  const done = read.ok ? await applyImport(services, read, ada) : read;
  if (!done.ok) throw new Error(done.problems[0]?.message);
}
