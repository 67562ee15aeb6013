import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { readSentProperties } from "~db/store/group-syncs.server";
import type { FactsCache } from "../facts-cache.server";
import { jobLog } from "../job-log.server";
import { createBreaker } from "./breaker.server";
import { createCaptures } from "./captures.server";
import { createClient } from "./client.server";
import { createDriftCheck } from "./drift.server";
import { createFlagAudiences } from "./flag-audiences.server";
import { createFlagDefinitions } from "./flag-definitions.server";
import { createFlagLook } from "./flag-look.server";
import { createFlags } from "./flags.server";
import { createGroupSync } from "./group-sync.server";
import type { PosthogHooks } from "./hooks.server";
import { createLastValues } from "./last-values.server";
import type { MetadataChoice } from "./metadata-choice.server";
import { createPastReadings } from "./past-readings.server";
import type { PosthogSettings } from "./settings.server";
import { createTroubleLog } from "./trouble-log.server";
import { createUserBudget } from "./user-budget.server";

export type PosthogNeeds = {
  db: Database;
  facts: FactsCache;
  metadata: MetadataChoice;
  log: Logger;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  newId: (prefix: string) => string;
  /** By default those of `posthog.config.ts`. */
  hooks?: PosthogHooks;
};

/** One of each for the process; null without a key: everything off and quiet. */
export function createPosthog(settings: PosthogSettings | null, { db, facts, metadata, log, now, elapsed, newId, hooks }: PosthogNeeds) {
  if (settings === null) return null;
  const holder = newId("proc");
  const trouble = createTroubleLog(settings, log);
  const definitions = createFlagDefinitions({ db, settings, holder, now, log, trouble });
  const client = createClient(settings, definitions, trouble);
  const captures = createCaptures({ settings, client, db, facts, holder, now, elapsed, log, hooks });
  const jobs = jobLog(log, captures.exceptions.ofJob);
  const last = createLastValues(db, jobs);
  const past = createPastReadings(db, jobs);
  const audiences = createFlagAudiences(settings, definitions, elapsed);
  const flagLook = createFlagLook({ settings, definitions, audiences, log });
  const flags = createFlags({
    settings,
    audiences,
    client,
    facts,
    last,
    past,
    breaker: createBreaker(elapsed),
    userBreaker: createBreaker(elapsed),
    userBudget: createUserBudget(settings, elapsed),
    definitions,
    metadata: metadata.keys,
    sentProperties: (tenant) => readSentProperties(db.readAside, db.tables, tenant),
    onVerdict: captures.events.flagCalled,
    now,
    elapsed,
    log: jobs,
  });
  const groupSync = createGroupSync({ db, settings, holder, now, elapsed, newId, log: jobs });
  const drift = createDriftCheck({ db, settings, holder, now, log: jobs });
  const runners = [groupSync, captures.tenantEvents];
  let wakeOther: (() => void) | undefined;
  return {
    settings,
    client,
    flags,
    flagLook,
    groupSync,
    drift,
    ...captures,
    /**
     * What this process does of itself, once it serves: the command line leaves that to the server. `other`: what is read from
     * commits is sent by another process, which this wakes.
     */
    async start(other?: () => void): Promise<void> {
      wakeOther = other;
      if (!other) await Promise.all(runners.map((runner) => runner.start()));
    },
    /** After a commit: what it brings is sent at once, by whichever process does that. */
    wake(): void {
      if (wakeOther) wakeOther();
      else for (const runner of runners) runner.wake();
    },
    /** Writes the last known values that are still in memory. */
    flushLast: () => Promise.all([last.flush(), past.flush()]),
    async stop(): Promise<void> {
      await Promise.all([...runners, drift].map((runner) => runner.stop()));
      await Promise.all([last.flush(), past.flush()]);
      await client.shutdown(2_000);
    },
  };
}
export type Posthog = NonNullable<ReturnType<typeof createPosthog>>;
