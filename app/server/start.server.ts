import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database, OpenOptions } from "~db/database";
import { openDatabase } from "~db/open.server";
import { noteFlagsOff } from "~db/store/flag-readings.server";
import { refoldSearchTexts } from "~db/store/search-texts.server";
import { createBackground } from "./background.server";
import { type Checks, createChecks } from "./check.server";
import { createCheckCounts } from "./check-counts.server";
import type { Env } from "./env.server";
import { createFactsCache } from "./facts-cache.server";
import { createGathered } from "./gathered.server";
import { jobLog } from "./job-log.server";
import { createKeyRing } from "./key-ring.server";
import { createLoad, type LoadOptions } from "./load.server";
import { createLog } from "./log.server";
import { createLogOutput } from "./log-output.server";
import { createMetrics, timed } from "./metrics.server";
import { createCleaning } from "./old-rows.server";
import { createPasswords } from "./passwords.server";
import { noFlags } from "./posthog/flag-readings";
import type { PosthogHooks } from "./posthog/hooks.server";
import { createMetadataChoice } from "./posthog/metadata-choice.server";
import { createPosthog, type Posthog } from "./posthog/posthog.server";
import { randomId } from "./random.server";
import { createRateLimits } from "./rate-limits.server";
import { createRefusedKeys } from "./refused-keys.server";
import { createRequestQueue } from "./request-queue.server";
import type { Services } from "./services.server";
import { createSignInThrottle } from "./sign-in-throttle.server";
import { createStreams } from "./streams.server";
import type { Elapsed } from "./synchronization.server";
import { createTenantCounts } from "./tenant-counts.server";
import { createTokens } from "./tokens.server";
import { createUsageCache } from "./usage-cache.server";
import { createWriteProbe } from "./write-probe.server";

/** Of the memory for the check path: what prepared answers may take; the facts that they are made from get the rest. */
const shareOfAnswers = 1 / 3;

/** Between two attempts to note that PostHog is off, in ms. */
const retryMs = 5_000;

/** `elapsed`: a monotonic clock in ms. */
type Overrides = Partial<Pick<Services, "now" | "newId" | "log" | "logOutput">> & {
  elapsed?: Elapsed;
  posthogHooks?: PosthogHooks;
  database?: OpenOptions;
  load?: LoadOptions;
};

/** Builds what a process needs. Throws a DatabaseProblem with a sentence for the operator. */
export async function createServices(env: Env, overrides: Overrides = {}): Promise<Services> {
  const logOutput = overrides.logOutput ?? createLogOutput();
  const log = overrides.log ?? createLog(env.logLevel, logOutput);
  let tellTransaction = (_since: number) => {};
  const db = timed(await openDatabase(env.databaseUrl, { connections: env.databaseConnections, ...overrides.database }), (since) =>
    tellTransaction(since),
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
  await Promise.all([facts.start(), keys.start(), tokens.start(), metadata.start()]);
  facts.onChange("key", keys.reload);
  facts.onChange("setting", metadata.reload);
  const newId = overrides.newId ?? randomId;
  posthog = createPosthog(env.posthog, { db, facts, metadata, log, now, elapsed, newId, hooks: overrides.posthogHooks });
  const usage = createUsageCache(db, facts, now);
  await usage.start();
  facts.onMoved(usage.follow);
  const checks = createChecks({ facts, flags: posthog?.flags ?? noFlags, usage, counts, now, bytes: forAnswers });
  const load = createLoad(overrides.load);
  const metrics = createMetrics({ db, checks, facts, load, posthog, logOutput, now });
  tellTransaction = metrics.transacted;
  const events = posthog?.events;
  if (events) counts.onWritten((batch) => events.noteChecks(batch, explainBy(checks)));
  const streams = createStreams(facts, checks, now, jobs);
  const cleaning = createCleaning({ db, checkCountsAreKept: env.checkCountsAreKept, holder: newId("proc"), now, elapsed, log: jobs });
  const passwords = createPasswords();
  const background = createBackground(log, (error, sentence) => posthog?.exceptions.ofJob(error, sentence));
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
    cleaning,
    checks,
    metrics,
    keys,
    refusedKeys: createRefusedKeys(db, keys, now, jobs),
    limits,
    load,
    queue: createRequestQueue({ ...overrides.load, pagesAtWork: () => load.inFlight().page }),
    tokens,
    streams,
    metadata,
    posthog,
    tenantCounts: createTenantCounts(db),
    background,
    gathered,
    passwords,
    throttle: createSignInThrottle(),
    writeProbe: createWriteProbe(db),
    logOutput,
    authority: null,
  };
}

/** Why a tenant is refused a feature, as it would be told now. */
const explainBy = (checks: Checks) => async (tenant: string, feature: string) => {
  const { decisions, held } = await checks.preview(tenant, [feature]);
  return held.facts ? (decisions[0] ?? null) : null;
};

/** Starts what a process does by itself. A database that is locked at this moment delays it and ends nothing. */
export async function startJobs({ db, cleaning, posthog, now, log }: Services): Promise<void> {
  db.startThreads();
  cleaning.start();
  void refoldWhenPossible(db, log);
  if (posthog === null) await noteFlagsOffWhenPossible(db, now(), log);
}

/** Search finds tenants by their former texts until this is done, which a locked database may delay. */
async function refoldWhenPossible(db: Database, log: Logger): Promise<void> {
  try {
    await refoldSearchTexts(db);
  } catch (err) {
    log.warn({ err }, "what search reads of tenants was not brought up to date; trying again");
    setTimeout(() => void refoldWhenPossible(db, log), retryMs).unref();
  }
}

/** Tries again in the background until it is written: past answers read it, present ones do not. */
async function noteFlagsOffWhenPossible(db: Database, at: Instant, log: Logger): Promise<void> {
  try {
    await noteFlagsOff(db, at);
  } catch (err) {
    log.warn({ err }, "that PostHog is off was not noted; trying again");
    setTimeout(() => void noteFlagsOffWhenPossible(db, at, log), retryMs).unref();
  }
}

/** Writes what is still in memory, then lets go of the database. */
export async function stopServices({ facts, counts, keys, refusedKeys, posthog, background, cleaning, db }: Services): Promise<void> {
  await Promise.all([counts.flush(), keys.flush(), refusedKeys.flush(), background.stop(), cleaning.stop()]);
  // Last: what was counted just now may be a denial that PostHog hears of.
  await posthog?.stop();
  await facts.stop();
  await db.close();
}
