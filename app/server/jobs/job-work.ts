import type { Job, JobItem, JobItemState, JobKind } from "~/core/jobs/job";
import type { Json } from "~/core/model";
import type { Act } from "~/core/permissions";
import type { Lock, Queries } from "~db/database";

/**
 * Some subjects of a job; none if the batch is written as a whole or not at all. `cursor`: where the next batch begins. `found`: what `next` read for `write` and `preview`, of
 * the kind's own type. `problem`: why the job ends as failed instead of going on.
 */
export type JobBatch = { subjects: string[]; cursor: Json; isLast: boolean; found?: unknown; problem?: string };

/** What a batch's transaction did. `onCommitted` runs after the commit. */
export type JobStep = {
  items: JobItem[];
  /** Subjects whose results are not items. */
  counts?: Partial<Record<JobItemState, number>>;
  /** Why the job ends as failed. The results are kept, and nothing else was written. */
  problem?: string;
  onCommitted?: () => void;
};

/** What a batch of a preview found. `write`: writes results that are not items in the batch's transaction. */
export type JobFindings = JobStep & { write?: (tx: Queries) => Promise<void> };

/** One job being run. */
export type JobWork = {
  /** The right it needs, which every batch checks. */
  right: Act;
  count: () => Promise<number>;
  /** `stop` aborts when the job is cancelled or this process ends, for kinds that wait for other programs. */
  next: (cursor: Json, size: number, stop: AbortSignal) => Promise<JobBatch>;
  locks: (batch: JobBatch) => Lock[];
  /** Writes the changes in the batch's transaction, which awaits nothing but the database. */
  write: (tx: Queries, batch: JobBatch) => Promise<JobStep>;
  /** What `write` would do. Reads beside checks and changes nothing. */
  preview: (batch: JobBatch) => Promise<JobFindings>;
  /** Called when the job is over in this process. A killed one does not call it. */
  onOver?: () => Promise<void>;
};

export type JobKinds = { [K in JobKind]: (job: Job, keys: string[] | null) => JobWork };
