import type { JobItemState, JobKind } from "~/core/jobs/job";

type Words = Record<JobItemState, string>;

const changed: Words = { done: "Changed", skipped: "Skipped", failed: "Failed" };
/** A row of a file that is skipped is as it says already, and one that fails has a mistake. */
const rows: Words = { done: "Changed", skipped: "Unchanged", failed: "Refused" };
const compared: Words = { done: "Same", skipped: "Waiting", failed: "Different" };

/** What the states of a job's results are called. */
export const wordsOfResults = (kind: JobKind): Words => (kind === "drift" ? compared : kind === "tenant_csv" ? rows : changed);
