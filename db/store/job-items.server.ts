import { and, asc, eq, gt, type SQL } from "drizzle-orm";
import type { JobItem, JobItemState } from "~/core/jobs/job";
import type { Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

export type JobItemRow = Omit<JobItem, "isNew" | "details"> & { seq: number };

/** `before`: how many the job has. */
export async function insertJobItems(tx: Queries, t: Schema, job: string, items: readonly JobItem[], before: number): Promise<void> {
  const rows = items.map(({ subject, state, message, details = null }, i) => ({
    ...{ job, seq: before + i + 1 },
    ...{ subject, state, message, details },
  }));
  await inBatches(rows, (batch) => tx.insert(t.jobItems).values(batch));
}

/** In the order in which they were done, after the number of the page before. */
export async function listJobItems(
  q: Queries,
  { jobItems: i }: Schema,
  job: string,
  { state, after = 0, size }: { state?: JobItemState; after?: number; size: number },
): Promise<JobItemRow[]> {
  const conditions: (SQL | undefined)[] = [eq(i.job, job), state && eq(i.state, state), gt(i.seq, after)];
  return q
    .select({ seq: i.seq, subject: i.subject, state: i.state, message: i.message })
    .from(i)
    .where(and(...conditions))
    .orderBy(asc(i.seq))
    .limit(size);
}

/** The details of the first results in a state. */
export async function listJobDetails(q: Queries, { jobItems: i }: Schema, job: string, state: JobItemState, size: number): Promise<Json[]> {
  const rows = await q
    .select({ details: i.details })
    .from(i)
    .where(and(eq(i.job, job), eq(i.state, state)))
    .orderBy(asc(i.seq))
    .limit(size);
  return rows.map(({ details }) => details ?? null);
}
