import type { Catalogue } from "~/core/catalogue/catalogue";
import type { CsvParams } from "~/core/import/csv-params";
import { tenantCsvStep } from "~/core/import/tenant-csv-step";
import { rightOfJob } from "~/core/jobs/describe-job";
import { actorOfJob, type Job, type JobItem } from "~/core/jobs/job";
import type { Instant, TenantFacts } from "~/core/model";
import { readTenantRow, rowProblemWords, tenantKeyOfCell } from "~/forms/import/tenant-csv-row";
import { catalogueIn } from "~/server/changes/change.server";
import type { JobBatch, JobWork } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { catalogueSharedLock, tenantLock } from "~db/database";
import { type CsvRow, csvRowsAfter, readCsvUpload } from "~db/store/csv-uploads.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { discardCsv } from "./csv-upload.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog">;

const readAhead = 1_000;
const missingRows = "Rows of the file were deleted before they were read, so the job stopped. Upload the file again.";

/** Creates and changes tenants as the rows of an uploaded file say, in its order. */
export const tenantCsvWork =
  (parts: Parts) =>
  (job: Job): JobWork => {
    const { db, facts, now, newId, posthog } = parts;
    const { readAside, tables: t } = db;
    const { upload, heads, mapping } = job.params as CsvParams;
    const keyColumn = mapping.columns.indexOf("key");
    const actor = actorOfJob(job);
    const keyOf = ({ cells }: Pick<CsvRow, "cells">) => tenantKeyOfCell(cells[keyColumn] ?? "");
    const rowsOf = new WeakMap<JobBatch, CsvRow[]>();
    let firstOf: Map<string, number> | undefined;

    /** The line on which each key is given first. About 100 bytes per row. */
    async function firstLines(): Promise<Map<string, number>> {
      const found = new Map<string, number>();
      for (let after = 0; ; ) {
        const rows = await csvRowsAfter(readAside, t, upload, after, readAhead);
        for (const row of rows) {
          const key = keyOf(row);
          if (!found.has(key)) found.set(key, row.line);
        }
        if (rows.length < readAhead) return found;
        after = rows.at(-1)?.seq ?? after;
      }
    }

    function itemsOf(batch: JobBatch, tenants: Map<string, TenantFacts | null>, catalogue: Catalogue, at: Instant) {
      const writes: TenantWrite[] = [];
      const items = (rowsOf.get(batch) ?? []).map(({ line, cells }): JobItem => {
        const fail = (subject: string, column: number | null, message: string): JobItem => ({
          subject,
          state: "failed",
          message: rowProblemWords(line, heads, { column, message }),
        });
        const read = readTenantRow(cells, heads, mapping);
        if (!read.ok) return fail(read.key, read.problem.column, read.problem.message);
        const { row } = read;
        const first = firstOf?.get(row.key);
        if (first !== undefined && first !== line)
          return fail(row.key, keyColumn, `Line ${first.toLocaleString("en")} has this key already.`);
        const before = tenants.get(row.key) ?? null;
        const verdict = tenantCsvStep(before, row, job.note, catalogue, { now: at, actor, newId });
        if (verdict.state === "failed") return fail(row.key, columnOf(verdict.column), verdict.message);
        if (verdict.state === "skipped") return { subject: row.key, state: "skipped", message: verdict.message };
        writes.push({ before, change: verdict.change });
        return { subject: row.key, state: "done", message: verdict.message, isNew: verdict.isNew };
      });
      return { items, writes };
    }

    function columnOf(field: string | undefined): number | null {
      const column = field === undefined ? -1 : (mapping.columns as (string | null)[]).indexOf(field);
      return column < 0 ? null : column;
    }

    return {
      right: rightOfJob(job),
      count: async () => (await readCsvUpload(readAside, t, upload))?.rows ?? 0,
      async next(cursor, size) {
        const after = typeof cursor === "number" ? cursor : 0;
        const found = await csvRowsAfter(readAside, t, upload, after, size + 1);
        const rows = found.slice(0, size);
        const subjects = rows.map(keyOf);
        // Before the transaction, which awaits nothing else.
        firstOf ??= await firstLines();
        const end = rows.at(-1)?.seq ?? after;
        const isLast = found.length <= size;
        // After the rows: those of a file that is here now were all here then.
        const stored = await readCsvUpload(readAside, t, upload);
        const isWhole = stored !== null && end === after + rows.length && (!isLast || end === stored.rows);
        const batch = { subjects, cursor: end, isLast, ...(isWhole ? {} : { problem: missingRows }) };
        rowsOf.set(batch, rows);
        return batch;
      },
      locks: ({ subjects }) => [catalogueSharedLock, ...[...new Set(subjects)].map(tenantLock)],
      async write(tx, batch) {
        const catalogue = await catalogueIn(parts, tx);
        const at = now();
        const current = await readCurrentTenants(tx, t, batch.subjects, () => catalogue, at);
        const { items, writes } = itemsOf(batch, current.facts, catalogue, at);
        const written = await writeTenantChanges(tx, t, await current.foldBefore(writes), actor);
        const onCommitted = () => {
          facts.replaceTenants(written);
          posthog?.wake();
        };
        return { items, onCommitted };
      },
      async preview(batch) {
        await facts.look();
        const [catalogue, at] = [facts.catalogue(), now()];
        const { facts: tenants } = await readCurrentTenants(readAside, t, batch.subjects, () => catalogue, at);
        return { items: itemsOf(batch, tenants, catalogue, at).items };
      },
      // A preview's rows are needed by the job that does it.
      onOver: job.isPreview ? undefined : () => discardCsv(parts, upload),
    };
  };
