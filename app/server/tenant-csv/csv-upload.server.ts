import { type Refusal, refuse } from "~/core/outcome";
import type { Services } from "~/server/services.server";
import {
  type CsvUpload,
  completeCsvUpload,
  deleteSomeOfCsvUpload,
  insertCsvRows,
  insertCsvUpload,
  olderCsvUploads,
} from "~db/store/csv-uploads.server";
import { liveJobParams } from "~db/store/jobs.server";
import { type CsvRecord, CsvUnreadable, csvRecords } from "./csv-reader.server";

/** Rows per transaction. */
const batchSize = 200;
const deleteBatchSize = 1_000;
/** Uploads of one person or key that wait for their import. Older ones are deleted. */
const keptUploads = 5;
const maxName = 200;

export type CsvStored = { ok: true; upload: CsvUpload } | Refusal;

/** Stores the rows of a CSV file as they arrive. A file that cannot be read leaves nothing. */
export async function storeCsv(services: Services, actorId: string, fileName: string, file: AsyncIterable<Uint8Array>): Promise<CsvStored> {
  const { db, now, newId } = services;
  const t = db.tables;
  const name = [...fileName.replace(/\p{C}/gu, "").trim()].slice(0, maxName).join("") || "CSV file";
  const id = newId("csv");
  let heads: string[] | null = null;
  let rows = 0;
  try {
    for await (const batch of csvRecords(file, batchSize)) {
      const records: CsvRecord[] = heads === null ? batch.slice(1) : batch;
      const first: string[] | null = heads === null ? headsOf(batch) : null;
      const from = rows;
      await db.transaction([], async (tx) => {
        if (first) await insertCsvUpload(tx, t, { id, actorId, name, heads: first, createdAt: now() });
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
  await discardOlder(services, actorId, id);
  return { ok: true, upload: { id, actorId, name, heads: heads ?? [], rows, createdAt: now() } };
}

const maxHead = 200;

function headsOf([first]: CsvRecord[]): string[] {
  const heads = first?.cells ?? [];
  const long = heads.findIndex((head) => head.length > maxHead);
  if (long >= 0)
    throw new CsvUnreadable(`The name of column ${long + 1} has over ${maxHead} characters. The first line names the columns.`);
  return heads;
}

/** Deletes an upload in batches, so that other writers need not wait. */
export async function discardCsv({ db }: Pick<Services, "db">, id: string): Promise<void> {
  let isGone = false;
  while (!isGone) {
    isGone = await db.transaction([], (tx) => deleteSomeOfCsvUpload(tx, db.tables, id, deleteBatchSize));
    await new Promise(setImmediate);
  }
}

async function discardOlder({ db }: Services, actorId: string, newest: string): Promise<void> {
  const older = await olderCsvUploads(db.readAside, db.tables, actorId, keptUploads);
  if (older.length === 0) return;
  const live = await liveJobParams(db.readAside, db.tables, "tenant_csv");
  // Several may have been uploaded in the same millisecond.
  const used = new Set([newest, ...live.map((params) => (params as { upload: string }).upload)]);
  for (const id of older) if (!used.has(id)) await discardCsv({ db }, id);
}
