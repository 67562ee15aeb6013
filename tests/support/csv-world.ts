import { type CsvMapping, guessColumns } from "~/core/import/csv-columns";
import type { Job } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import type { Services } from "~/server/services.server";
import { createCsvImport } from "~/server/tenant-csv/csv-import.server";
import { csvRecords } from "~/server/tenant-csv/csv-reader.server";
import { discardOlderCsv, storeCsv } from "~/server/tenant-csv/csv-upload.server";
import { itemsOf, operator } from "./bulk-world";

/** The text as a file that arrives in chunks. */
export async function* csvFile(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

/** The cells of a file, by line. */
export async function csvCells(text: string): Promise<string[][]> {
  const cells: string[][] = [];
  for await (const batch of csvRecords(csvFile(text), 1_000)) cells.push(...batch.map((record) => record.cells));
  return cells;
}

export async function uploadCsv(services: Services, text: string | Uint8Array, by: Actor = operator) {
  const stored = await storeCsv(services, by.id, "tenants.csv", csvFile(text));
  if (!stored.ok) throw new Error(stored.message);
  await discardOlderCsv(services, stored.upload);
  return stored.upload;
}

type Options = { isPreview?: boolean; by?: Actor; mapping?: Partial<CsvMapping> };

/** Uploads a file and queues its import, with the columns that its heads name. */
export async function queueCsv(
  services: Services,
  text: string,
  { isPreview = false, by = operator, mapping }: Options = {},
): Promise<Job> {
  const upload = await uploadCsv(services, text, by);
  const created = await createCsvImport(services, by, {
    upload: upload.id,
    mapping: { columns: guessColumns(upload.heads), addOnSeparator: ";", ...mapping },
    note: null,
    isPreview,
  });
  if (!created.ok) throw new Error(created.message);
  return created.job;
}

/** Results as [tenant, state, message]. */
export const csvResults = async (services: Services, job: Pick<Job, "id">) =>
  (await itemsOf(services, job)).map(({ subject, state, message }) => [subject, state, message]);
