import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { findFreeJob, releaseJob, takeJob } from "~db/store/jobs.server";
import { type JobRunParts, jobLeaseMs, runJob } from "./job-run.server";
import type { JobKinds } from "./job-work";

/** How often jobs of other processes, and those left by a killed one, are looked for, in ms. */
const pollIntervalMs = 2_000;

export type JobRunnerParts = {
  db: Database;
  kinds: JobKinds;
  newId: (prefix: string) => string;
  now: () => Instant;
  elapsed: () => number;
  log: Logger;
} & Pick<JobRunParts, "batchSize" | "minPauseMs" | "renewMs">;

export type JobRunner = ReturnType<typeof createJobRunner>;

/**
 * Runs jobs, the oldest first. Several processes may run jobs, each one at a time, and one preview beside it: a preview
 * must not wait for a long job.
 */
export function createJobRunner(parts: JobRunnerParts) {
  const { log } = parts;
  const stopping = new AbortController();
  const lanes = [false, true].map((isPreview) => createLane(parts, isPreview, stopping.signal));
  let isStarted = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const isFree = new Set(lanes);

  function run(): void {
    for (const lane of [...isFree]) {
      isFree.delete(lane);
      const done = lane
        .runAll()
        .catch((err) => log.warn({ err }, "jobs were not run; trying again"))
        .finally(() => isFree.add(lane));
      running = Promise.all([running, done]).then(() => {});
    }
  }

  return {
    /** Runs what waits, until nothing does. */
    async runAll(): Promise<void> {
      await Promise.all(lanes.map((lane) => lane.runAll()));
    },
    /** A job was created. No effect in a process that does not run jobs. */
    wake(): void {
      if (!isStarted || stopping.signal.aborted) return;
      for (const lane of lanes) lane.again();
      run();
    },
    start(): void {
      isStarted = true;
      run();
      timer = setInterval(run, pollIntervalMs).unref();
    },
    /** After the batch that is being written. Another process may go on at once. */
    async stop(): Promise<void> {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

function createLane({ db, kinds, newId, ...parts }: JobRunnerParts, isPreview: boolean, signal: AbortSignal) {
  const { now } = parts;
  /** Set if a job was created while the lane looked for the last time. */
  let isWanted = false;

  async function runNext(): Promise<boolean> {
    const lane = { isPreview, now: now() };
    const id = await findFreeJob(db.readAside, db.tables, lane);
    if (id === null) return false;
    // New each time, so that what this process began before it lost a job is not taken for its own.
    const holder = newId("run");
    const taken = await takeJob(db, id, lane, { holder, ttl: jobLeaseMs });
    if (!taken) return true;
    const work = kinds[taken.job.kind](taken.job, taken.keys);
    const end = await runJob({ db, ...parts, signal }, taken, work, holder);
    if (end === "stopped") await releaseJob(db, id, holder).catch(() => {});
    else await work.onOver?.().catch((err) => parts.log.warn({ err, job: id }, "what a job left was not deleted; the cleaning deletes it"));
    return true;
  }

  return {
    again: () => {
      isWanted = true;
    },
    async runAll(): Promise<void> {
      do {
        isWanted = false;
        while (!signal.aborted && (await runNext()));
      } while (isWanted && !signal.aborted);
    },
  };
}
