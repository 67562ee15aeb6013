import { Readable } from "node:stream";
import { CsvError, type Info, parse } from "csv-parse";
import { maxCsvBytes, maxCsvCell, maxCsvColumns, maxCsvRow, maxCsvRows } from "~/core/import/csv-columns";
import { checkUtf8 } from "~/forms/utf8";

/** A file that cannot be read. The message is a sentence for its sender. */
export class CsvUnreadable extends Error {}

/** `line`: where the record begins, from 1. */
export type CsvRecord = { line: number; cells: string[] };

/** Parsed between two turns of the event loop, in bytes. */
const chunkBytes = 16 * 1024;
/** Characters of a batch. It is serialized in one turn of the event loop. */
const maxBatchLength = 80_000;
const maxFirstLine = 64 * 1024;
const separators = [",", ";", "\t"] as const;
const newline = 0x0a;
const n = (count: number) => count.toLocaleString("en");

/** Reads a CSV file in batches of up to `batchSize` rows, the first line included. Throws CsvUnreadable with the line of what cannot be read. */
export async function* csvRecords(file: AsyncIterable<Uint8Array>, batchSize: number): AsyncGenerator<CsvRecord[]> {
  const chunks = checkedChunks(file);
  const start = await firstLine(chunks);
  if (
    start
      .toString()
      .replace(/^\ufeff/, "")
      .trim() === ""
  )
    throw new CsvUnreadable("The file is empty. Its first line names the columns.");
  const records = parse({
    delimiter: separatorOf(start.toString()),
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxCsvRow,
    cast: (cell, { index, lines }) => {
      if (index >= maxCsvColumns)
        throw new CsvUnreadable(`Line ${n(lines)} has over ${maxCsvColumns} columns. Leave out those that are not needed.`);
      if (cell.length > maxCsvCell)
        throw new CsvUnreadable(`Line ${n(lines)} has a cell of over ${n(maxCsvCell)} characters. Shorten it, or leave out its column.`);
      if (cell.includes("\0")) throw new CsvUnreadable(`Line ${n(lines)} has a NUL character, which cannot be stored.`);
      return cell;
    },
  });
  async function* whole() {
    yield start;
    yield* chunks;
  }
  const source = Readable.from(whole(), { objectMode: false, highWaterMark: chunkBytes });
  source.on("error", (error) => records.destroy(error));
  let batch: CsvRecord[] = [];
  let length = 0;
  let rows = -1;
  let countedTwice = 0;
  try {
    for await (const { record, info } of source.pipe(records) as AsyncIterable<{ record: string[]; info: Info }>) {
      if (++rows > maxCsvRows) throw new CsvUnreadable(`The file has over ${n(maxCsvRows)} rows. Split it into smaller files.`);
      // The parser counts up to the end of the record, and a CRLF in quotes twice.
      const text = record.join(" ");
      countedTwice += text.split("\r\n").length - 1;
      if (batch.length > 0 && (batch.length === batchSize || length + text.length > maxBatchLength)) {
        yield batch;
        batch = [];
        length = 0;
      }
      length += text.length;
      batch.push({ line: info.lines - countedTwice - text.split(/\r\n|\r|\n/).length + 1, cells: record });
    }
  } catch (error) {
    throw unreadable(error);
  } finally {
    source.destroy();
    records.destroy();
    // A read that is under way has to end first, or the rest of the upload could not be discarded.
    await chunks.return(undefined);
  }
  if (batch.length > 0) yield batch;
}

function unreadable(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const { code, lines } = error as CsvError & { lines?: number };
  const at = `Line ${n(lines ?? 1)}`;
  if (code === "CSV_QUOTE_NOT_CLOSED") return new CsvUnreadable(`${at}: a quote is opened and never closed.`);
  if (code === "CSV_MAX_RECORD_SIZE")
    return new CsvUnreadable(`${at}: a row has over ${n(maxCsvRow)} characters, or a quote is never closed.`);
  return new CsvUnreadable(`${at}: a quote is in the wrong place. Write quotes inside of a quoted cell twice.`);
}

/** The file in small chunks. Throws at the first byte that is not UTF-8, or beyond the limit. */
async function* checkedChunks(file: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const text = checkUtf8();
  let bytes = 0;
  let lines = 1;
  const notUtf8 = () =>
    new CsvUnreadable(
      `Line ${n(lines)} is not UTF-8 text. Save the file as “CSV UTF-8” and upload it again: other encodings are not read.`,
    );
  for await (const sent of file) {
    for (let from = 0; from < sent.length; from += chunkBytes) {
      const chunk = Buffer.from(sent.subarray(from, from + chunkBytes));
      const invalidAt = text.take(chunk);
      if (invalidAt !== null) {
        lines += newlinesIn(chunk.subarray(0, Math.max(0, invalidAt - bytes)));
        throw notUtf8();
      }
      bytes += chunk.length;
      if (bytes > maxCsvBytes) throw new CsvUnreadable("The file is larger than 25 MB. Split it into smaller files.");
      lines += newlinesIn(chunk);
      yield chunk;
      await new Promise(setImmediate);
    }
  }
  if (text.end() !== null) throw notUtf8();
}

function newlinesIn(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count += 1;
  return count;
}

/** At least the first line, if it is not too long. */
async function firstLine(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < maxFirstLine) {
    const { done, value } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
    if (start.includes(newline)) break;
  }
  return start;
}

/** The separator that the first line has most of, outside of quotes. */
function separatorOf(start: string): string {
  const counts = new Map<string, number>(separators.map((sign) => [sign, 0]));
  let isQuoted = false;
  for (const sign of start) {
    if (sign === '"') isQuoted = !isQuoted;
    else if ((sign === "\n" || sign === "\r") && !isQuoted) break;
    else if (!isQuoted && counts.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best?.[0] ?? ",";
}
