import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import { jobLog } from "~/server/logging/job-log.server";
import type { Database } from "~db/database";
import { readSentProperties } from "~db/store/group-syncs.server";
import { createBreaker } from "./breaker.server";
import { createClient } from "./client.server";
import { createCaptures } from "./events/captures.server";
import type { PosthogHooks } from "./events/hooks.server";
import { createFlagDefinitions } from "./flags/flag-definitions.server";
import { createFlagLook } from "./flags/flag-lookup.server";
import { createFlagTargets } from "./flags/flag-targets.server";
import { createFlags, type FlagReport, type OtherFlags } from "./flags/flags.server";
import { createLastValues } from "./flags/last-known-values.server";
import { createPastReadings } from "./flags/reading-history.server";
import { createUserBudget } from "./flags/user-budget.server";
import { createEventCounts } from "./groups/event-counts.server";
import { createGroupSync } from "./groups/group-sync.server";
import type { MetadataChoice } from "./groups/synced-metadata.server";
import type { PosthogSettings } from "./settings.server";
import { createTroubleLog } from "./trouble-log.server";

export type PosthogNeeds = {
  db: Database;
  facts: FactsCache;
  metadata: MetadataChoice;
  log: Logger;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  newId: (prefix: string) => string;
  /** Defaults to the hooks of `posthog.config.ts`. */
  hooks?: PosthogHooks;
  /** Flags of another process, which then is the only one of both that asks PostHog about them. */
  flags?: OtherFlags;
};

/** Creates the process's PostHog services. Null without a key: everything is off. */
export function createPosthog(settings: PosthogSettings | null, needs: PosthogNeeds) {
  if (settings === null) return null;
  const { db, facts, metadata, log, now, elapsed, newId, hooks } = needs;
  const holder = newId("proc");
  const trouble = createTroubleLog(settings, log);
  const definitions = createFlagDefinitions({ db, settings, holder, now, log, trouble, mayFetch: !needs.flags });
  const client = createClient(settings, definitions, trouble);
  const captures = createCaptures({ settings, client, db, facts, holder, now, elapsed, log, hooks });
  const jobs = jobLog(log, captures.exceptions.ofJob);
  const last = createLastValues(db, jobs);
  const past = createPastReadings(db, jobs);
  const audiences = createFlagTargets(settings, definitions, elapsed);
  const flagLook = createFlagLook({ settings, definitions, audiences, log });
  const own = createFlags({
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
    onFlagResult: captures.events.flagCalled,
    now,
    elapsed,
    log: jobs,
  });
  const flags = needs.flags ? { ...own, of: needs.flags.of, peek: () => undefined } : own;
  const groupSync = createGroupSync({ db, settings, holder, now, elapsed, newId, log: jobs });
  const eventCounts = createEventCounts({ settings, now, elapsed, log: jobs });
  const runners = [groupSync, captures.tenantEvents];
  let wakeOther: (() => void) | undefined;
  return {
    settings,
    client,
    flags,
    flagLook,
    /** For pages: the flags' health in the process that asks PostHog about them. */
    flagReport: async (tenant?: string): Promise<FlagReport> =>
      needs.flags ? needs.flags.report(tenant) : { status: own.status(tenant), answeredAt: own.answeredAt() },
    /** Calls back when this process has stored new flag definitions. */
    onDefinitions: definitions.onStored,
    /** Reads definitions that another process has stored. */
    readDefinitions: () => client.reloadFeatureFlags(),
    groupSync,
    eventCounts,
    ...captures,
    /**
     * Starts background work once the process serves; the command line does not. If `other` is given, another process
     * sends committed changes and `other` wakes it.
     */
    async start(other?: () => void): Promise<void> {
      wakeOther = other;
      if (!other) await Promise.all(runners.map((runner) => runner.start()));
    },
    /** Sends what a commit queued, from whichever process does that. */
    wake(): void {
      if (wakeOther) wakeOther();
      else for (const runner of runners) runner.wake();
    },
    /** Writes last known values that are still in memory. */
    flushLast: () => Promise.all([last.flush(), past.flush()]),
    async stop(): Promise<void> {
      await Promise.all([...runners, eventCounts].map((runner) => runner.stop()));
      await Promise.all([last.flush(), past.flush()]);
      await client.shutdown(2_000);
    },
  };
}
export type Posthog = NonNullable<ReturnType<typeof createPosthog>>;
