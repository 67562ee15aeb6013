import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import type { FactsCache } from "../facts-cache.server";
import { createBreaker } from "./breaker.server";
import { createClient } from "./client.server";
import { createFlagDefinitions } from "./flag-definitions.server";
import { createFlags } from "./flags.server";
import { createGroupSync } from "./group-sync.server";
import { createLastValues } from "./last-values.server";
import type { MetadataChoice } from "./metadata-choice.server";
import type { PosthogSettings } from "./settings.server";

export type PosthogNeeds = {
  db: Database;
  facts: FactsCache;
  metadata: MetadataChoice;
  log: Logger;
  now: () => Instant;
  newId: (prefix: string) => string;
};

/** One of each for the process; null without a key: everything off and quiet. */
export function createPosthog(settings: PosthogSettings | null, { db, facts, metadata, log, now, newId }: PosthogNeeds) {
  if (settings === null) return null;
  const holder = newId("proc");
  const definitions = createFlagDefinitions(db, settings, holder, now, log);
  const client = createClient(settings, definitions.provider, log);
  const last = createLastValues(db, log);
  const flags = createFlags({
    settings,
    client,
    facts,
    last,
    breaker: createBreaker(now),
    needsUser: definitions.needsUser,
    metadata: metadata.keys,
    onVerdict: () => {},
    now,
    log,
  });
  const groupSync = createGroupSync({ db, settings, holder, now, newId, log });
  return {
    settings,
    client,
    flags,
    groupSync,
    /** Writes the last known values that are still in memory. */
    flushLast: () => last.flush(),
    async stop(): Promise<void> {
      await groupSync.stop();
      await last.flush();
      await client.shutdown(2_000);
    },
  };
}
export type Posthog = NonNullable<ReturnType<typeof createPosthog>>;
