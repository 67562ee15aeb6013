import { and, asc, desc, eq, gt, isNotNull, sql } from "drizzle-orm";
import type { CsvParams } from "~/core/import/csv-params";
import { type CsvImportRequest, isCsvImportRequest } from "~/core/import/csv-request";
import type { Instant } from "~/core/model";
import { maxWaitingRequests } from "~/core/requests/request";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { liveJobsOf } from "./jobs.server";
import { waitingOfTenant } from "./requests.server";

/** A file whose rows are all stored. */
export type CsvUpload = { id: string; actorId: string; name: string; heads: string[]; rows: number; createdAt: Instant };
export type CsvRow = { seq: number; line: number; cells: string[] };

export async function insertCsvUpload(tx: Queries, t: Schema, upload: Omit<CsvUpload, "rows">): Promise<void> {
  await tx.insert(t.csvUploads).values({ ...upload, rows: null, createdAt: new Date(upload.createdAt) });
}

export async function insertCsvRows(tx: Queries, t: Schema, upload: string, rows: CsvRow[]): Promise<void> {
  if (rows.length > 0) await tx.insert(t.csvRows).values(rows.map((row) => ({ upload, ...row })));
}

export async function completeCsvUpload(tx: Queries, t: Schema, id: string, rows: number): Promise<void> {
  await tx.update(t.csvUploads).set({ rows }).where(eq(t.csvUploads.id, id));
}

/** Null if there is none, or its rows are still being stored or already being deleted. */
export async function readCsvUpload(q: Queries, { csvUploads: u }: Schema, id: string): Promise<CsvUpload | null> {
  const [row] = await q
    .select()
    .from(u)
    .where(and(eq(u.id, id), isNotNull(u.rows)));
  return row ? { ...row, rows: row.rows as number, createdAt: row.createdAt.getTime() } : null;
}

/** In the order of the file, after the row with this number. */
export async function csvRowsAfter(q: Queries, { csvRows: r }: Schema, upload: string, after: number, size: number): Promise<CsvRow[]> {
  return q
    .select({ seq: r.seq, line: r.line, cells: r.cells })
    .from(r)
    .where(and(eq(r.upload, upload), gt(r.seq, after)))
    .orderBy(asc(r.seq))
    .limit(size);
}

/** Makes the upload unusable before its rows are deleted, so that nothing imports some of them. */
export async function closeCsvUpload(tx: Queries, { csvUploads: u }: Schema, id: string): Promise<void> {
  await tx.update(u).set({ rows: null }).where(eq(u.id, id));
}

/** Imports that wait for a second person, the oldest first. */
export const waitingImports = async (q: Queries, t: Schema, now: Instant): Promise<CsvImportRequest[]> =>
  (await waitingOfTenant(q, t, { tenant: "", kind: "approval" }, now, maxWaitingRequests)).filter(isCsvImportRequest);

/** Files that a job which waits or runs, or a request that waits, still needs. */
export async function csvUploadsInUse(q: Queries, t: Schema, now: Instant): Promise<string[]> {
  // Requests first: an approval makes a job of one.
  const waiting = (await waitingImports(q, t, now)).map(({ act }) => act.upload);
  const live = (await liveJobsOf(q, t, "tenant_csv")).map(({ params }) => (params as CsvParams).upload);
  return [...waiting, ...live];
}

/** Complete uploads of this person beyond the newest ones. Those that still arrive are left out. */
export async function olderCsvUploads(q: Queries, { csvUploads: u }: Schema, actorId: string, kept: number): Promise<string[]> {
  const rows = await q
    .select({ id: u.id })
    .from(u)
    .where(and(eq(u.actorId, actorId), isNotNull(u.rows)))
    .orderBy(desc(u.createdAt), desc(u.id))
    .limit(100)
    .offset(kept);
  return rows.map(({ id }) => id);
}

/** Deletes up to `size` rows, and the upload with the last of them. Returns whether it is gone. */
export async function deleteSomeOfCsvUpload(
  tx: Queries,
  { csvUploads: u, csvRows: r }: Schema,
  id: string,
  size: number,
): Promise<boolean> {
  const last = sql`(select max(s) from (select ${r.seq} as s from ${r} where ${r.upload} = ${id} order by ${r.seq} limit ${size}) as some_rows)`;
  const deleted = await tx
    .delete(r)
    .where(and(eq(r.upload, id), sql`${r.seq} <= ${last}`))
    .returning({ seq: r.seq });
  if (deleted.length === size) return false;
  await tx.delete(u).where(eq(u.id, id));
  return true;
}
