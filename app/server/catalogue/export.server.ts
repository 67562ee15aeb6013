import { createHash } from "node:crypto";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { isOver } from "~/core/grants/grant-lifetime";
import type { Actor, CatalogueFacts, Instant } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { createFileWriter, type FileFormat } from "~/forms/import/catalogue-text";
import { partsOf } from "~/server/message-parts";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";
import { readTenantDocuments } from "~db/store/tenant-documents.server";

export type ExportOptions = { tenants: boolean; format: FileFormat };

/**
 * `parts` is the file as UTF-8, `mark` a hash of it, `revision` the catalogue's, and `tenants` their number, or null
 * without tenants.
 */
export type Exported = { parts: Uint8Array[]; mark: string; revision: number; tenants: number | null };

/** Tenants read and written per batch. */
const batchSize = 500;

/**
 * Exports a catalogue file. An export with tenants is recorded in the audit log first. The worker process writes the
 * file, because 100,000 tenants take several seconds.
 */
export async function exportFor(services: Services, actor: Actor, options: ExportOptions, signal?: AbortSignal): Promise<Exported> {
  const { db, now, background } = services;
  const exported = background.isOn() ? await background.export(options, signal) : await writeExport(services, options, signal);
  if (exported.tenants !== null) {
    const about = { action: "catalogue.exported_with_tenants", subjectKind: "catalogue", subject: "" } as const;
    const after = { tenants: exported.tenants, format: options.format };
    await db.transaction([], (tx) => writeAudit(tx, db.tables, { at: now(), actor, ...about, after }));
  }
  return exported;
}

/** A file that imports to the same state. With tenants it includes their plans, add-ons and current grants. */
export async function exportCatalogue(services: Services, options: ExportOptions): Promise<string> {
  const { parts } = await writeExport(services, options);
  return Buffer.concat(parts).toString();
}

/** Writes the file in this process. */
export async function writeExport(services: Services, options: ExportOptions, signal?: AbortSignal): Promise<Exported> {
  const { db, now } = services;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const facts = await readCatalogueFacts(db.readAside, db.tables);
    const written = await writeParts(services, facts, options, now(), signal);
    const after = options.tenants ? await readCatalogueRevision(db.readAside, db.tables) : facts.revision;
    // A plan that changed while tenants were read would make the file inconsistent.
    if (after !== facts.revision && attempt < 5) continue;
    return { ...written, revision: facts.revision };
  }
}

async function writeParts({ db }: Services, facts: CatalogueFacts, { tenants, format }: ExportOptions, at: Instant, signal?: AbortSignal) {
  const writer = createFileWriter(facts, format);
  const catalogue = compileCatalogue(facts);
  const hash = createHash("sha256");
  const parts: Uint8Array[] = [];
  const add = (text: string) => {
    hash.update(text);
    parts.push(...partsOf(text));
  };
  add(writer.start());
  let count = 0;
  for (let after: string | null = null, isMore = tenants; isMore; ) {
    signal?.throwIfAborted();
    const batch = await readTenantDocuments(db.readAside, db.tables, { after, size: batchSize });
    const now = batch.map((tenant) => effective(tenant, catalogue, at));
    add(writer.tenants(now.map((tenant) => ({ ...tenant, grants: tenant.grants.filter((grant) => !isOver(grant, at)) }))));
    count += batch.length;
    after = batch.at(-1)?.key ?? null;
    isMore = batch.length === batchSize;
    await new Promise(setImmediate);
  }
  add(writer.end());
  return { parts, mark: hash.digest("base64url").slice(0, 22), tenants: tenants ? count : null };
}
