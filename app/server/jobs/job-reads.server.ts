import type { JobItemState } from "~/core/jobs/job";
import type { Services } from "~/server/services.server";
import { listJobItems } from "~db/store/job-items.server";
import { type JobPlace, listJobs, readJob } from "~db/store/jobs.server";

type Parts = Pick<Services, "db">;

export const findJob = ({ db }: Parts, id: string) => readJob(db.readAside, db.tables, id);

/** Newest first, without previews. `next`: the last of the page, or null at the end. */
export async function jobsAfter({ db }: Parts, { after, size }: { after?: JobPlace; size: number }) {
  const found = await listJobs(db.readAside, db.tables, { after, size: size + 1 });
  const jobs = found.slice(0, size);
  return { jobs, next: found.length > size ? (jobs.at(-1) ?? null) : null };
}

/** Results in their order. `next`: the number of the last of the page, or null at the end. */
export async function jobItemsAfter({ db }: Parts, job: string, page: { state?: JobItemState; after?: number; size: number }) {
  const { size } = page;
  const found = await listJobItems(db.readAside, db.tables, job, { ...page, size: size + 1 });
  const items = found.slice(0, size);
  return { items, next: found.length > size ? (items.at(-1)?.seq ?? null) : null };
}
