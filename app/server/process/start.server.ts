import type { Logger } from "pino";
import { createAllNodesThrottle } from "~/server/admins/all-nodes-throttle.server";
import { createPasswords } from "~/server/admins/passwords.server";
import { publishDueDrafts } from "~/server/catalogue/draft-publication.server";
import { type Checks, createChecks } from "~/server/checks/check.server";
import { createCheckCounts } from "~/server/checks/check-counts.server";
import { createStreams } from "~/server/checks/subscriptions.server";
import type { Env } from "~/server/env.server";
import { createFactsCache, type FactsCache } from "~/server/facts/facts-cache.server";
import type { Elapsed } from "~/server/facts/synchronization.server";
import { createJobRunner } from "~/server/jobs/job-runner.server";
import { createKeyRing } from "~/server/keys/key-cache.server";
import { createRateLimits } from "~/server/keys/rate-limits.server";
import { createRefusedKeys } from "~/server/keys/refused-keys.server";
import { createTokens } from "~/server/keys/tokens.server";
import { jobLog } from "~/server/logging/job-log.server";
import { createLog } from "~/server/logging/log.server";
import { createLogOutput } from "~/server/logging/log-output.server";
import type { PosthogHooks } from "~/server/posthog/events/hooks.server";
import { noFlags } from "~/server/posthog/flags/flag-readings";
import type { OtherFlags } from "~/server/posthog/flags/flags.server";
import { createMetadataChoice } from "~/server/posthog/groups/synced-metadata.server";
import { createPosthog, type Posthog } from "~/server/posthog/posthog.server";
import { randomId } from "~/server/random.server";
import { createScheduleSweep } from "~/server/schedules/schedule-sweep.server";
import type { Services } from "~/server/services.server";
import { createTenantCounts } from "~/server/tenants/tenant-counts.server";
import { createTrialSweep } from "~/server/trials/trial-sweep.server";
import { createUsageFigures } from "~/server/usage/figures.server";
import { createUsageCache } from "~/server/usage/usage-cache.server";
import { createWebhooks } from "~/server/webhooks/webhooks.server";
import type { Database, OpenOptions } from "~db/database";
import { openDatabase } from "~db/open.server";
import { noteFlagsOff } from "~db/store/flag-readings.server";
import { hasTrigrams, refoldSearchTexts } from "~db/store/search-texts.server";
import { createGathered } from "./batched-writes.server";
import { type JobSurroundings, jobKindsOf } from "./job-kinds.server";
import { createLoad, type LoadOptions, unlimitedLoad } from "./load.server";
import { createMetrics, timed } from "./metrics.server";
import { serverStatus } from "./process-status.server";
import { createRequestQueue } from "./request-queue.server";
import { createCleaning } from "./retention.server";
import { type Background, createBackground } from "./worker.server";
import { createWriteProbe } from "./write-probe.server";

/** Share of the cache memory for prepared answers; facts get the rest. */
const shareOfAnswers = 1 / 3;

/** Interval between attempts to record that PostHog is off, in ms. */
const retryMs = 5_000;

/** `elapsed`: a monotonic clock in ms. */
type Overrides = Partial<Pick<Services, "now" | "newId" | "log" | "logOutput">> & {
  elapsed?: Elapsed;
  posthogHooks?: PosthogHooks;
  database?: OpenOptions;
  load?: LoadOptions;
  /** Another process renders the pages. */
  arePagesElsewhere?: boolean;
  /** The worker process, if another process started it. */
  background?: Background;
  forJobs?: JobSurroundings;
  /** The flags of another process. Absent: this process asks PostHog. */
  flagsFor?: (facts: FactsCache) => OtherFlags;
};

/** Creates the services of a process. Throws a DatabaseProblem with a message for the operator. */
export async function createServices(env: Env, overrides: Overrides = {}): Promise<Services> {
  const logOutput = overrides.logOutput ?? createLogOutput();
  const log = overrides.log ?? createLog(env.logLevel, logOutput);
  let onTransaction = (_since: number) => {};
  const db = timed(await openDatabase(env.databaseUrl, { connections: env.databaseConnections, ...overrides.database }), (since) =>
    onTransaction(since),
  );
  const now = overrides.now ?? Date.now;
  const elapsed = overrides.elapsed ?? overrides.now ?? (() => performance.now());
  const forAnswers = Math.floor(env.cacheBytes * shareOfAnswers);
  let posthog: Posthog | null = null;
  const jobs = jobLog(log, (error, sentence) => posthog?.exceptions.ofJob(error, sentence));
  const facts = createFactsCache(db, jobs, env.cacheBytes - forAnswers, overrides.elapsed);
  const counts = createCheckCounts(db, jobs);
  const tokens = createTokens(db);
  const keys = createKeyRing(db, jobs, tokens);
  const metadata = createMetadataChoice(db);
  // Set up before the start: it may already read a change that was committed after keys and settings were loaded.
  facts.onChange("key", keys.reload);
  facts.onChange("setting", metadata.reload);
  await Promise.all([facts.start(), keys.start(), tokens.start(), metadata.start()]);
  const newId = overrides.newId ?? randomId;
  posthog = createPosthog(env.posthog, {
    db,
    facts,
    metadata,
    log,
    now,
    elapsed,
    newId,
    hooks: overrides.posthogHooks,
    flags: overrides.flagsFor?.(facts),
  });
  const usage = createUsageCache(db, facts, now);
  await usage.start();
  facts.onMoved(usage.follow);
  const checks = createChecks({ facts, flags: posthog?.flags ?? noFlags, usage, counts, now, bytes: forAnswers });
  const loadOptions = overrides.load ?? (env.production ? {} : unlimitedLoad);
  const load = createLoad(loadOptions);
  const metrics = createMetrics({ db, checks, facts, load, posthog, logOutput, now });
  onTransaction = metrics.transacted;
  const events = posthog?.events;
  if (events) counts.onWritten((batch) => events.noteChecks(batch, explainBy(checks)));
  const streams = createStreams(facts, checks, now, jobs);
  const cleaning = createCleaning({ db, checkCountsAreKept: env.checkCountsAreKept, holder: newId("proc"), now, elapsed, log: jobs });
  const trials = createTrialSweep({ db, facts, holder: newId("proc"), now, elapsed, log: jobs });
  const publishDue = () => publishDueDrafts({ db, facts, now, newId, posthog });
  const schedules = createScheduleSweep({ db, facts, now, wake: () => posthog?.wake(), log: jobs, publishDue });
  const figures = createUsageFigures({ db, holder: newId("proc"), now, elapsed, log: jobs });
  const tenantCounts = createTenantCounts(db);
  const kinds = jobKindsOf({ db, facts, now, newId, posthog, tenantCounts }, overrides.forJobs);
  const jobRunner = createJobRunner({ db, kinds, newId, now, elapsed, log: jobs });
  const { publicUrl, webhookAllowHosts: allowedHosts } = env;
  const webhooks = createWebhooks({ db, facts, allowedHosts, publicUrl, holder: newId("proc"), now, elapsed, log: jobs });
  const passwords = createPasswords();
  const onTrouble = (error: Error, sentence: string) => posthog?.exceptions.ofJob(error, sentence);
  const background = overrides.background ?? createBackground(log, onTrouble, logOutput.write);
  const limits = createRateLimits(env);
  const gathered = createGathered({ db, env, now, newId, facts, posthog, usage, counts });
  return {
    env,
    log,
    db,
    now,
    elapsed,
    newId,
    facts,
    counts,
    usage,
    figures,
    cleaning,
    trials,
    jobs: jobRunner,
    schedules,
    webhooks,
    checks,
    metrics,
    keys,
    refusedKeys: createRefusedKeys(db, keys, now, jobs),
    limits,
    load,
    queue: createRequestQueue({
      ...loadOptions,
      pagesAtWork: () => load.inFlight().page,
      arePagesElsewhere: overrides.arePagesElsewhere,
    }),
    tokens,
    streams,
    metadata,
    posthog,
    systemStatus: async () => ({ server: serverStatus(load, cleaning.cleanedAt(), now()), pages: null }),
    tenantCounts,
    background,
    gathered,
    passwords,
    throttle: createAllNodesThrottle(db, now, elapsed),
    writeProbe: createWriteProbe(db),
    logOutput,
    authority: null,
  };
}

/** Returns the current decision for a tenant and feature. */
const explainBy = (checks: Checks) => async (tenant: string, feature: string) => {
  const { decisions, held } = await checks.preview(tenant, [feature]);
  return held.facts ? (decisions[0] ?? null) : null;
};

/** Starts background work. A database that is locked delays it without ending the process. */
export async function startJobs({ db, cleaning, posthog, now, log }: Services): Promise<void> {
  db.startThreads();
  cleaning.start();
  // Until it is done, search finds tenants by their former texts.
  void untilDone(() => refoldSearchTexts(db), "could not update the tenants' search texts", log);
  void untilDone(() => noteTrigrams(db, log), "could not look for the index of search", log);
  const at = now();
  // Only point-in-time answers read it.
  if (posthog === null) await untilDone(() => noteFlagsOff(db, at), "could not record that PostHog is off", log);
}

async function noteTrigrams(db: Database, log: Logger): Promise<void> {
  if (await hasTrigrams(db)) return;
  log.warn("search reads every tenant, because pg_trgm was not available at the upgrade; docs/operations.md says how to add it");
}

/** Retries until it is done, because a locked database may delay it. `failed` says what was not done. */
async function untilDone(work: () => Promise<void>, failed: string, log: Logger): Promise<void> {
  await work().catch((err) => {
    log.warn({ err }, `${failed}; trying again`);
    setTimeout(() => void untilDone(work, failed, log), retryMs).unref();
  });
}

/** Writes data that is still in memory, then closes the database. */
export async function stopServices({
  facts,
  counts,
  keys,
  refusedKeys,
  posthog,
  background,
  cleaning,
  trials,
  jobs,
  schedules,
  figures,
  webhooks,
  db,
}: Services): Promise<void> {
  const stopped = [background.stop(), cleaning.stop(), trials.stop(), jobs.stop(), schedules.stop(), figures.stop(), webhooks.stop()];
  await Promise.all([counts.flush(), keys.flush(), refusedKeys.flush(), ...stopped]);
  // Last: counts flushed above may produce denial events.
  await posthog?.stop();
  await facts.stop();
  await db.close();
}
