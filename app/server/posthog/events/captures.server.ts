import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Instant } from "~/core/model";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import { jobLog } from "~/server/logging/job-log.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Database } from "~db/database";
import { createEvents } from "./events.server";
import { createExceptions } from "./exceptions.server";
import { guardHooks, type PosthogHooks } from "./hooks.server";
import { createRequests } from "./request-context.server";
import { createTenantEvents } from "./tenant-events.server";
import { createVisitors } from "./visitors.server";

type Needs = {
  settings: PosthogSettings;
  client: PostHog;
  db: Database;
  facts: FactsCache;
  /** Identifies this process as a lease holder. */
  holder: string;
  now: () => Instant;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
  /** Defaults to the hooks of `posthog.config.ts`. */
  hooks?: PosthogHooks;
};

/** Everything sent to PostHog except groups and flags. */
export function createCaptures({ settings, client, db, facts, holder, now, elapsed, log, hooks: given }: Needs) {
  const hooks = guardHooks(log, given);
  const requests = createRequests({ settings, client, hooks, now });
  const exceptions = createExceptions({ settings, client, requests, elapsed, log });
  const jobs = jobLog(log, exceptions.ofJob);
  return {
    requests,
    exceptions,
    events: createEvents({ settings, client, requests, now, log }),
    visitors: createVisitors({ settings, hooks, requests, facts, now, log }),
    tenantEvents: createTenantEvents({ db, settings, facts, holder, now, elapsed, log: jobs }),
  };
}
export type Captures = ReturnType<typeof createCaptures>;
