import { readFile } from "node:fs/promises";
import type { Actor } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { WelcomeChoice } from "~/forms/admins/welcome";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import { applyImport } from "~/server/catalogue/import.server";
import { shippedCatalogue } from "~/server/catalogue/shipped-catalogues.server";
import type { Services } from "~/server/services.server";
import { hasTenants } from "~db/store/tenant-list.server";
import { fillWithDemo } from "./demo.server";

/** What exists already: nothing, tenants without a catalogue, or a catalogue. */
export async function readBeginning(services: Services): Promise<{ catalogue: boolean; tenants: boolean }> {
  const { catalogue } = await catalogueNow(services);
  return {
    catalogue: catalogue.features.size + catalogue.plans.size > 0,
    tenants: await hasTenants(services.db.readAside, services.db.tables),
  };
}

const files = { gitlab: "gitlab.yaml", example: "team-inbox.yaml" };

export async function begin(services: Services, choice: WelcomeChoice, actor: Actor): Promise<{ ok: true; message: string } | Refusal> {
  if (choice === "demo") {
    const filled = await fillWithDemo(services, actor);
    return filled.ok ? { ok: true, message: "Demo data is in. Look around: nothing of it is real." } : filled;
  }
  const { facts, catalogue } = await catalogueNow(services);
  const full = "There is a catalogue already, which this would archive. Use the page Import, which shows what it changes.";
  if (catalogue.features.size + catalogue.plans.size > 0) return refuse("stale", full);
  const name = files[choice];
  const read = readCatalogueFile(name, await readFile(shippedCatalogue(name), "utf8"));
  if (!read.ok) throw new Error(`${name} cannot be read: ${read.problems[0]?.message}`);
  const done = await applyImport(services, read, actor, { expectedRevision: facts.revision });
  if (!done.ok) return refuse("stale", done.problems[0]?.message ?? full);
  return { ok: true, message: `The catalogue is in: ${read.file.features.size} features. Now create a tenant, or let a program do it.` };
}
