import { maxCsvUploadMs } from "~/core/import/csv-params";
import { type Refusal, refuse } from "~/core/outcome";
import type { Services } from "~/server/services.server";
import {
  type CsvUpload,
  closeCsvUpload,
  completeCsvUpload,
  csvUploadsInUse,
  deleteSomeOfCsvUpload,
  insertCsvRows,
  insertCsvUpload,
  olderCsvUploads,
} from "~db/store/csv-uploads.server";
import { jobsLock } from "~db/store/jobs.server";
import { type CsvRecord, CsvUnreadable, csvRecords } from "./csv-reader.server";

/** Rows per transaction. */
const batchSize = 200;
const deleteBatchSize = 1_000;
/** Uploads of one person that wait for their import. Older ones are deleted. */
const keptUploads = 5;
const maxName = 200;

export type CsvStored = { ok: true; upload: CsvUpload } | Refusal;

/** Stores the rows of a CSV file as they arrive. A file that cannot be read leaves nothing. */
export async function storeCsv(services: Services, actorId: string, fileName: string, file: AsyncIterable<Uint8Array>): Promise<CsvStored> {
  const { db, now, newId } = services;
  const t = db.tables;
  const name = [...fileName.replace(/\p{C}/gu, "").trim()].slice(0, maxName).join("") || "CSV file";
  const id = newId("csv");
  const createdAt = now();
  let heads: string[] | null = null;
  let rows = 0;
  try {
    for await (const batch of csvRecords(file, batchSize)) {
      const records: CsvRecord[] = heads === null ? batch.slice(1) : batch;
      const first: string[] | null = heads === null ? headsOf(batch) : null;
      const from = rows;
      if (now() - createdAt >= maxCsvUploadMs) throw new CsvUnreadable("The upload took over an hour. Upload the file again.");
      await db.transaction([], async (tx) => {
        if (first) await insertCsvUpload(tx, t, { id, actorId, name, heads: first, createdAt });
        await insertCsvRows(
          tx,
          t,
          id,
          records.map((record, i) => ({ seq: from + i + 1, ...record })),
        );
      });
      heads ??= first;
      rows += records.length;
    }
    if (rows === 0) throw new CsvUnreadable("The file has no rows below its first line, which names the columns.");
  } catch (error) {
    if (heads) await discardCsv(services, id);
    if (error instanceof CsvUnreadable) return refuse("value_invalid", error.message, "file");
    throw error;
  }
  await db.transaction([], (tx) => completeCsvUpload(tx, t, id, rows));
  return { ok: true, upload: { id, actorId, name, heads: heads ?? [], rows, createdAt } };
}

const maxHead = 200;

function headsOf([first]: CsvRecord[]): string[] {
  const heads = first?.cells ?? [];
  const long = heads.findIndex((head) => head.length > maxHead);
  if (long >= 0)
    throw new CsvUnreadable(`The name of column ${long + 1} has over ${maxHead} characters. The first line names the columns.`);
  return heads;
}

/** Deletes an upload in batches, so that other writers need not wait. One that a job or a waiting request needs stays. */
export async function discardCsv({ db, now }: Pick<Services, "db" | "now">, id: string): Promise<void> {
  let isGone = false;
  // The lock keeps jobs from being created between the look and the end of the upload.
  const isUsed = await db.transaction([jobsLock], async (tx) => {
    if ((await csvUploadsInUse(tx, db.tables, now())).includes(id)) return true;
    await closeCsvUpload(tx, db.tables, id);
    return false;
  });
  if (isUsed) return;
  while (!isGone) {
    isGone = await db.transaction([], (tx) => deleteSomeOfCsvUpload(tx, db.tables, id, deleteBatchSize));
    await new Promise(setImmediate);
  }
}

/** Keeps a person's newest uploads, which may wait for their mapping, and those that a job or a waiting request needs. */
export async function discardOlderCsv(services: Pick<Services, "db" | "now">, { id: newest, actorId }: CsvUpload): Promise<void> {
  const { db } = services;
  const older = await olderCsvUploads(db.readAside, db.tables, actorId, keptUploads);
  // Several may have been uploaded in the same millisecond.
  for (const id of older) if (id !== newest) await discardCsv(services, id);
}
