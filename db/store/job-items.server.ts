import { and, asc, eq, gt, type SQL } from "drizzle-orm";
import type { JobItem, JobItemState } from "~/core/jobs/job";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

export type JobItemRow = Omit<JobItem, "isNew"> & { seq: number };

/** `before`: how many the job has. */
export async function insertJobItems(tx: Queries, t: Schema, job: string, items: readonly JobItem[], before: number): Promise<void> {
  const rows = items.map(({ subject, state, message }, i) => ({ job, seq: before + i + 1, subject, state, message }));
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
