import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { type Job, type JobItem, jobItemStates } from "~/core/jobs/job";
import type { Instant, Json } from "~/core/model";
import { raiseNotice } from "~/server/notices/notice-rules.server";
import type { Database, Queries } from "~db/database";
import { insertJobItems } from "~db/store/job-items.server";
import { holdJob, moveJob, type TakenJob } from "~db/store/jobs.server";
import { isUnavailable } from "~db/unavailable";
import { jobRightLocks, jobRightProblem } from "./job-rights.server";
import type { JobBatch, JobStep, JobWork } from "./job-work";

/** How long a job is taken for, in ms. Each batch takes it again. After a kill the job waits for the rest of it. */
export const jobLeaseMs = 15_000;
/** How often the lease is extended, and a cancel looked for, while a batch is being read, in ms. */
const renewIntervalMs = jobLeaseMs / 3;
/** Tenants per transaction, and per batch of a preview, which holds no locks. */
const batchSize = 50;
const previewBatchSize = 500;
/** The pause after a batch, as a multiple of what it took, and at least this long, in ms. */
const pauseShare = 1;
const previewPauseShare = 0.25;
const minPauseMs = 10;
/** The pause after an error, in ms. */
const retryMs = 500;
/** After so many unexpected errors in a row the job has failed. */
const maxErrors = 5;

export type JobRunParts = {
  db: Database;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
  signal: AbortSignal;
  batchSize?: number;
  minPauseMs?: number;
  renewMs?: number;
};

/** `stopped`: this process ends, or another one took the job. */
export type JobRunEnd = "over" | "stopped";

type Committed = { is: "moved" | "over" | "lost"; onCommitted?: () => void };

const unexpected = "An unexpected error. The log of the server has its cause.";

/** Runs a job from its cursor to its end. Each batch is one transaction, which also moves the cursor. */
export async function runJob(parts: JobRunParts, taken: TakenJob, work: JobWork, holder: string): Promise<JobRunEnd> {
  const { db, now, elapsed, log, signal } = parts;
  const { job } = taken;
  const t = db.tables;
  const size = parts.batchSize ?? (job.isPreview ? previewBatchSize : batchSize);
  let { cursor } = taken;
  let counts = { done: job.done, skipped: job.skipped, failed: job.failed, created: job.created };
  let { total } = job;
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);

  /** Another program may take longer to answer than the lease lasts. */
  async function nextBatch(from: Json, most: number): Promise<JobBatch> {
    const timer = setInterval(() => void renew().catch(() => {}), parts.renewMs ?? renewIntervalMs).unref();
    return work.next(from, most, stopped).finally(() => clearInterval(timer));
  }

  async function renew(): Promise<void> {
    const held = await db.transaction([], (tx) => holdJob(tx, t, job.id, { holder, until: now() + jobLeaseMs }));
    if (!held || held.cancelRequested) stop.abort();
  }

  /** One transaction: nothing is written if the lease was lost, the job cancelled or the right withdrawn. */
  async function commit(batch: JobBatch, isLast: boolean, change: (tx: Queries) => Promise<JobStep>): Promise<Committed> {
    const locks = job.isPreview ? [] : [...work.locks(batch), ...jobRightLocks(job)];
    const next = { ...counts };
    const result = await db.transaction(locks, async (tx): Promise<Committed> => {
      const at = now();
      const held = await holdJob(tx, t, job.id, { holder, until: at + jobLeaseMs });
      if (!held) return { is: "lost" };
      const end = async (end: Parameters<typeof moveJob>[4]): Promise<Committed> => {
        await moveJob(tx, t, job.id, {}, end);
        return { is: "over" };
      };
      if (held.cancelRequested) return end({ state: "cancelled", at });
      const problem = (await jobRightProblem(parts, tx, job, work.right)) ?? batch.problem ?? null;
      if (problem !== null) {
        await writeFailure(tx, db, job, at, problem);
        return { is: "over" };
      }
      const { items, counts: unlisted, problem: refusal, onCommitted } = await change(tx);
      await insertJobItems(tx, t, job.id, items, counts.done + counts.skipped + counts.failed);
      for (const state of jobItemStates) next[state] += items.filter((item) => item.state === state).length + (unlisted?.[state] ?? 0);
      next.created += items.filter(({ isNew }) => isNew).length;
      const all = next.done + next.skipped + next.failed;
      if (refusal !== undefined) {
        await moveJob(tx, t, job.id, next);
        await writeFailure(tx, db, job, at, refusal);
        return { is: "over" };
      }
      // Candidates that turned out not to match were counted.
      const known = isLast ? all : Math.max(total ?? 0, all);
      // Not `at`, because what the batch wrote is not later than the job's end.
      const over = isLast ? { state: "done" as const, at: now() } : undefined;
      await moveJob(tx, t, job.id, { ...next, total: known, cursor: batch.cursor }, over);
      return { is: isLast ? "over" : "moved", onCommitted };
    });
    if (result.is === "moved" || (result.is === "over" && isLast)) {
      counts = next;
      cursor = batch.cursor;
    }
    result.onCommitted?.();
    return result;
  }

  async function runBatch(batch: JobBatch): Promise<Committed> {
    if (job.isPreview) {
      const { write, ...step } = await work.preview(batch);
      return commit(batch, batch.isLast, async (tx) => {
        await write?.(tx);
        return step;
      });
    }
    return commit(batch, batch.isLast, (tx) => work.write(tx, batch));
  }

  /** After an error of a batch, so that one subject does not fail the others. */
  async function runEach(batch: JobBatch, from: Json): Promise<Committed> {
    for (const [i, subject] of batch.subjects.entries()) {
      const isEnd = i === batch.subjects.length - 1;
      // The cursor between two subjects of a batch is not known, so each is read again.
      const one = await nextBatch(i === 0 ? from : cursor, 1);
      if (one.subjects[0] !== subject) return { is: "moved" };
      const result = await commit(one, isEnd && one.isLast, (tx) => work.write(tx, one)).catch((error) => {
        if (isUnavailable(error)) throw error;
        log.error({ err: error, job: job.id, subject }, "a job could not change a tenant");
        const items: JobItem[] = [{ subject, state: "failed", message: unexpected }];
        return commit(one, isEnd && one.isLast, async () => ({ items }));
      });
      if (result.is !== "moved") return result;
    }
    return { is: "moved" };
  }

  async function rest(ms: number): Promise<void> {
    await wait(ms, undefined, { signal }).catch(() => {});
  }

  let errors = 0;
  while (!signal.aborted) {
    const began = elapsed();
    const from = cursor;
    try {
      if (total === null) {
        total = await work.count();
        const isOurs = await db.transaction([], async (tx) => {
          const held = await holdJob(tx, t, job.id, { holder, until: now() + jobLeaseMs });
          if (held) await moveJob(tx, t, job.id, { total });
          return held !== null;
        });
        if (!isOurs) return "stopped";
      }
      const batch = await nextBatch(from, size);
      const result = await runBatch(batch).catch((error) => {
        if (isUnavailable(error) || job.isPreview || batch.subjects.length === 0) throw error;
        log.error({ err: error, job: job.id }, "a batch of a job failed; its tenants are changed one by one");
        return runEach(batch, from);
      });
      if (result.is === "over") return "over";
      if (result.is === "lost") return "stopped";
      errors = 0;
    } catch (err) {
      if (signal.aborted) return "stopped";
      log.warn({ err, job: job.id }, "a batch of a job was not written; trying again");
      if (await endIfCancelled(parts, job, holder).catch(() => false)) return "over";
      if (stop.signal.aborted) return "stopped";
      await rest(retryMs);
      // Whether the batch was committed may not be known, so its place is read again.
      if (isUnavailable(err)) return "stopped";
      if (++errors >= maxErrors) {
        await failJob(parts, job, holder);
        return "over";
      }
    }
    const pause = parts.minPauseMs ?? minPauseMs;
    const share = job.isPreview ? previewPauseShare : pauseShare;
    await rest(pause === 0 ? 0 : Math.max(pause, (elapsed() - began) * share));
  }
  return "stopped";
}

async function endIfCancelled({ db, now }: JobRunParts, job: Job, holder: string): Promise<boolean> {
  return db.transaction([], async (tx) => {
    const at = now();
    const held = await holdJob(tx, db.tables, job.id, { holder, until: at + jobLeaseMs });
    if (held?.cancelRequested) await moveJob(tx, db.tables, job.id, {}, { state: "cancelled", at });
    return held?.cancelRequested === true;
  });
}

async function failJob({ db, now }: JobRunParts, job: Job, holder: string): Promise<void> {
  await db.transaction([], async (tx) => {
    const at = now();
    const held = await holdJob(tx, db.tables, job.id, { holder, until: at });
    if (held) await writeFailure(tx, db, job, at, unexpected);
  });
}

/** Ends the job, and tells people of it. A preview has a person in front of it. */
async function writeFailure(tx: Queries, { tables: t }: Database, job: Job, at: Instant, problem: string): Promise<void> {
  await moveJob(tx, t, job.id, {}, { state: "failed", at, problem });
  const text = `A job of ${job.actor.name} failed. ${problem}`;
  if (!job.isPreview) await raiseNotice(tx, t, { kind: "job_failed", at, text, about: job.id }, at);
}
