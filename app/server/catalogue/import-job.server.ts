import type { CatalogueImportParams } from "~/core/import/import-results";
import type { Actor } from "~/core/model";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { insertImpact } from "~db/store/impacts.server";
import type { ExpectedRevision, FileText } from "./import.server";

/** Queues the import of a file. The file is stored where those are whose impact is found, for a day. */
export async function startImport(
  services: Services,
  { name, text }: FileText,
  actor: Actor,
  expectedRevision?: ExpectedRevision,
): Promise<JobCreated> {
  const params: CatalogueImportParams = { name, ...(expectedRevision === undefined ? {} : { revisions: [expectedRevision].flat() }) };
  const job = { kind: "catalogue_import" as const, params, keys: null, isPreview: false, note: null };
  return createJob(services, actor, job, {
    onCreated: (tx, at, { id }) => insertImpact(tx, services.db.tables, id, { kind: "file", name, text }, at),
  });
}
