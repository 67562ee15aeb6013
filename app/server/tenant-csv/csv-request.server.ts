import type { CsvParams } from "~/core/import/csv-params";
import { type CsvImportRequest, isCsvImportRequest } from "~/core/import/csv-request";
import type { Job } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import { refuse } from "~/core/outcome";
import type { JobCreated } from "~/server/jobs/jobs.server";
import { requestGone, whyNotDecide, writeDecision } from "~/server/requests/decide.server";
import { findRequest } from "~/server/requests/inbox.server";
import type { Services } from "~/server/services.server";
import { readCsvUpload } from "~db/store/csv-uploads.server";
import { goneUpload, queueCsvJob, uploadProblem } from "./csv-import.server";

/** The job that carries out the request. Null if its file is gone. */
async function jobOfImport({ db }: Services, { act, note }: CsvImportRequest, isPreview: boolean) {
  const upload = await readCsvUpload(db.readAside, db.tables, act.upload);
  if (!upload) return null;
  const params: CsvParams = { upload: upload.id, name: upload.name, heads: upload.heads, mapping: act.mapping };
  return { kind: "tenant_csv" as const, params, keys: null, isPreview, note };
}

/** What an approval would do now, as a preview of the one who looks. */
export async function previewImportRequest(services: Services, actor: Actor, request: CsvImportRequest): Promise<JobCreated> {
  const job = await jobOfImport(services, request, true);
  if (!job) return refuse("value_invalid", goneUpload);
  return queueCsvJob(services, actor, { ...job, params: { ...job.params, request: request.id } });
}

/** Approves the request that a preview shows. */
export async function grantPreviewedImport(services: Services, actor: Actor, { params }: Pick<Job, "params">): Promise<JobCreated> {
  const { request: id } = params as CsvParams;
  const request = id === undefined ? null : await findRequest(services, id);
  return request && isCsvImportRequest(request) ? grantImportRequest(services, actor, request, null) : requestGone;
}

/** Queues the import as its approver's, and marks the request in the same transaction. */
export async function grantImportRequest(
  services: Services,
  actor: Actor,
  request: CsvImportRequest,
  answer: string | null,
): Promise<JobCreated> {
  const { db } = services;
  const found = await jobOfImport(services, request, false);
  if (!found) return refuse("value_invalid", goneUpload);
  const job = { ...found, id: `${request.id}j` };
  return queueCsvJob(services, actor, job, {
    gate: async (tx, at) => (await whyNotDecide(tx, db.tables, request.id, actor, at)) ?? uploadProblem(services, tx, job),
    onCreated: (tx, at) => writeDecision(tx, services, request, actor, { state: "granted", answer }, at),
  });
}
