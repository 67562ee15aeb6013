import { openDatabase } from "~db/open.server";
import { createChecks } from "./check.server";
import { createCheckCounts } from "./check-counts.server";
import type { Env } from "./env.server";
import { createFactsCache } from "./facts-cache.server";
import { createKeyRing } from "./key-ring.server";
import { createLog } from "./log.server";
import { createPasswords } from "./passwords.server";
import { noFlags } from "./posthog/flags.server";
import { createMetadataChoice } from "./posthog/metadata-choice.server";
import { createPosthog } from "./posthog/posthog.server";
import { randomId } from "./random.server";
import type { Services } from "./services.server";
import { createSignInThrottle } from "./sign-in-throttle.server";
import { createUsageCache } from "./usage-cache.server";

/** Of the memory for the check path: what prepared answers may take; the facts that they are made from get the rest. */
const shareOfAnswers = 1 / 3;

/** Builds what a process needs. Throws a DatabaseProblem with a sentence for the operator. */
export async function createServices(env: Env, overrides: Partial<Pick<Services, "now" | "newId" | "log">> = {}): Promise<Services> {
  const log = overrides.log ?? createLog(env.logLevel);
  const db = await openDatabase(env.databaseUrl);
  const now = overrides.now ?? Date.now;
  const forAnswers = Math.floor(env.cacheBytes * shareOfAnswers);
  const facts = createFactsCache(db, log, env.cacheBytes - forAnswers);
  const counts = createCheckCounts(db, log);
  const keys = createKeyRing(db, log);
  const metadata = createMetadataChoice(db, log);
  await Promise.all([facts.start(), keys.start(), metadata.start()]);
  facts.onKeyChange(() => keys.forget());
  const newId = overrides.newId ?? randomId;
  const posthog = createPosthog(env.posthog, { db, facts, metadata, log, now, newId });
  const usage = createUsageCache(db, facts, now, log);
  facts.onMoved(() => usage.follow());
  const checks = createChecks({ facts, flags: posthog?.flags ?? noFlags, usage, counts, now, bytes: forAnswers });
  const passwords = createPasswords();
  return { env, log, db, now, newId, facts, counts, usage, checks, keys, metadata, posthog, passwords, throttle: createSignInThrottle() };
}

/** Writes what is still in memory, then lets go of the database. */
export async function stopServices({ counts, keys, posthog, db }: Services): Promise<void> {
  await Promise.all([counts.flush(), keys.flush(), posthog?.stop()]);
  await db.close();
}
