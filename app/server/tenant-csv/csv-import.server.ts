import { type CsvMapping, headOf, mappingProblem } from "~/core/import/csv-columns";
import type { CsvParams } from "~/core/import/csv-params";
import type { Job } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { findJob } from "~/server/jobs/job-reads.server";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { csvRowsAfter, readCsvUpload } from "~db/store/csv-uploads.server";

const shownRows = 5;
const goneUpload = "This file is no longer here: it was imported, or uploaded over a day ago. Upload it again.";

/** The first rows of an upload. Null if it is gone. */
export async function csvStart({ db }: Pick<Services, "db">, id: string) {
  const upload = await readCsvUpload(db.readAside, db.tables, id);
  if (!upload) return null;
  const rows = await csvRowsAfter(db.readAside, db.tables, id, 0, shownRows);
  return { upload, rows };
}

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
  return createJob(services, actor, { kind: "tenant_csv", params, keys: null, isPreview, note });
}

function columnsProblem(heads: readonly string[], { columns }: CsvMapping): Refusal | null {
  if (columns.length !== heads.length) return refuse("value_invalid", "The file has other columns. Upload it again.");
  const problem = mappingProblem(columns);
  if (!problem) return null;
  const { column, message } = problem;
  return refuse("value_invalid", column === null ? message : `Column “${headOf(heads, column)}”: ${message}`, "columns");
}

/** Imports what a preview shows, once. */
export async function runCsvPreview(services: Services, actor: Actor, { id, params, note }: Job): Promise<JobCreated> {
  const { db } = services;
  const { upload } = params as CsvParams;
  const job = { id: `${id}r`, kind: "tenant_csv" as const, params, keys: null, isPreview: false, note };
  // Without its rows only a job that exists already can be answered with.
  const isThere = (await readCsvUpload(db.readAside, db.tables, upload)) !== null;
  const existing = isThere ? null : await findJob(services, job.id);
  if (existing) return { ok: true, job: existing };
  return isThere ? createJob(services, actor, job) : refuse("value_invalid", goneUpload);
}
