import { type CsvMapping, headOf, mappingProblem } from "~/core/import/csv-columns";
import { type CsvParams, csvUploadRetentionMs } from "~/core/import/csv-params";
import type { Job } from "~/core/jobs/job";
import type { Actor, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { createJob, type JobCreated, type JobHooks, type JobToCreate } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { type CsvUpload, csvRowsAfter, readCsvUpload, waitingImports } from "~db/store/csv-uploads.server";
import { liveJobsOf } from "~db/store/jobs.server";
import { csvApprovalProblem } from "./csv-approval.server";

const shownRows = 5;
export const goneUpload = "This file is no longer here: it was imported, or uploaded over a day ago. Upload it again.";

/** The first rows of an upload. Null if it is gone. */
export async function csvStart({ db }: Pick<Services, "db">, id: string) {
  const upload = await readCsvUpload(db.readAside, db.tables, id);
  if (!upload) return null;
  const rows = await csvRowsAfter(db.readAside, db.tables, id, 0, shownRows);
  return { upload, rows };
}

type CsvJob = JobToCreate & { params: CsvParams };
type CsvToImport = { upload: string; mapping: CsvMapping; note: string | null; isPreview: boolean };

/** Queues the import of an uploaded file, or its preview. */
export async function createCsvImport(
  services: Services,
  actor: Actor,
  { upload: id, mapping, note, isPreview }: CsvToImport,
): Promise<JobCreated> {
  const { db } = services;
  const upload = await readCsvUpload(db.readAside, db.tables, id);
  if (!upload) return refuse("value_invalid", goneUpload);
  const { name, heads } = upload;
  const problem = columnsProblem(heads, mapping);
  if (problem) return problem;
  const params: CsvParams = { upload: id, name, heads, mapping };
  return queueOrAsk(services, actor, { kind: "tenant_csv", params, keys: null, isPreview, note });
}

/** `hooks.gate` has to ask `uploadProblem` itself. */
export const queueCsvJob = (services: Services, actor: Actor, job: CsvJob, hooks?: JobHooks): Promise<JobCreated> =>
  createJob(services, actor, job, hooks ?? { gate: (tx) => uploadProblem(services, tx, job) });

/** Queues a preview, or an import that needs no second person. */
function queueOrAsk(services: Services, actor: Actor, job: CsvJob): Promise<JobCreated> {
  const { params, isPreview, note } = job;
  if (isPreview) return queueCsvJob(services, actor, job);
  return queueCsvJob(services, actor, job, {
    async gate(tx, at) {
      const problem = await uploadProblem(services, tx, job);
      if (problem) return problem;
      const upload = await readCsvUpload(tx, services.db.tables, params.upload);
      return upload && csvApprovalProblem(services, actor, { upload, mapping: params.mapping, note }, tx, at);
    },
  });
}

/** Why an upload cannot be imported or previewed now. In the transaction that creates the job. */
export async function uploadProblem({ db, now }: Services, tx: Queries, { params, isPreview }: CsvJob): Promise<Refusal | null> {
  const id = params.upload;
  const upload = await readCsvUpload(tx, db.tables, id);
  const at = now();
  // Its rows may be deleted from then on, unless a request waits that needs them.
  const mayBeGone = !upload || at - upload.createdAt >= csvUploadRetentionMs;
  if (mayBeGone && !(await isAwaited(tx, db.tables, upload, at))) return refuse("value_invalid", goneUpload);
  const live = (await liveJobsOf(tx, db.tables, "tenant_csv")).filter((job) => (job.params as CsvParams).upload === id);
  // An import deletes the rows at its end.
  if (live.some((job) => !job.isPreview))
    return refuse("value_invalid", "This file is being imported. To import it once more, wait until that ends and upload it again.");
  if (!isPreview && live.length > 0)
    return refuse("value_invalid", "A preview of this file is still running. Wait until it has ended, or cancel it.");
  return null;
}

const isAwaited = async (tx: Queries, t: Schema, upload: CsvUpload | null, now: Instant): Promise<boolean> =>
  upload !== null && (await waitingImports(tx, t, now)).some(({ act }) => act.upload === upload.id);

function columnsProblem(heads: readonly string[], { columns }: CsvMapping): Refusal | null {
  if (columns.length !== heads.length) return refuse("value_invalid", "The file has other columns. Upload it again.");
  const problem = mappingProblem(columns);
  if (!problem) return null;
  const { column, message } = problem;
  return refuse("value_invalid", column === null ? message : `Column “${headOf(heads, column)}”: ${message}`, "columns");
}

/** Imports what a preview shows, once. */
export async function runCsvPreview(services: Services, actor: Actor, { id, params, note }: Job): Promise<JobCreated> {
  return queueOrAsk(services, actor, { id: `${id}r`, kind: "tenant_csv", params: params as CsvParams, keys: null, isPreview: false, note });
}
