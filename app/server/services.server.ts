import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "~db/database";
import type { AllNodesThrottle } from "./admins/all-nodes-throttle.server";
import type { Passwords } from "./admins/passwords.server";
import type { Authority } from "./authority.server";
import type { Checks } from "./checks/check.server";
import type { CheckCounts } from "./checks/check-counts.server";
import type { Streams } from "./checks/subscriptions.server";
import type { Env } from "./env.server";
import type { FactsCache } from "./facts/facts-cache.server";
import type { JobRunner } from "./jobs/job-runner.server";
import type { KeyRing } from "./keys/key-cache.server";
import type { RateLimits } from "./keys/rate-limits.server";
import type { RefusedKeys } from "./keys/refused-keys.server";
import type { Tokens } from "./keys/tokens.server";
import type { LogOutput } from "./logging/log-output.server";
import type { Visit } from "./posthog/events/visitors.server";
import type { MetadataChoice } from "./posthog/groups/synced-metadata.server";
import type { Posthog } from "./posthog/posthog.server";
import type { Gathered } from "./process/batched-writes.server";
import type { Load } from "./process/load.server";
import type { Metrics } from "./process/metrics.server";
import type { SystemStatus } from "./process/process-status.server";
import type { RequestQueue } from "./process/request-queue.server";
import type { Cleaning } from "./process/retention.server";
import type { Background } from "./process/worker.server";
import type { WriteProbe } from "./process/write-probe.server";
import type { ScheduleSweep } from "./schedules/schedule-sweep.server";
import type { TenantCounts } from "./tenants/tenant-counts.server";
import type { TrialSweep } from "./trials/trial-sweep.server";
import type { UsageFigures } from "./usage/figures.server";
import type { UsageCache } from "./usage/usage-cache.server";
import type { Webhooks } from "./webhooks/webhooks.server";

export type KeepAnswer = (tx: Queries, result: unknown) => Promise<void>;

/** Built once per process and passed on. Nothing here is global. */
export type Services = {
  env: Env;
  log: Logger;
  db: Database;
  /** The only clock. Tests replace it. */
  now: () => Instant;
  /** In ms, monotonic: for every interval, since the clock may step. The clock itself in tests that hand one in. */
  elapsed: () => number;
  newId: (prefix: string) => string;
  facts: FactsCache;
  counts: CheckCounts;
  usage: UsageCache;
  /** Figures over all tenants, kept by one process. */
  figures: UsageFigures;
  cleaning: Cleaning;
  /** What became of trials. Computed by the worker process if there is one. */
  trials: TrialSweep;
  /** Long work in batches. Run by the worker process if there is one. */
  jobs: JobRunner;
  /** Writes scheduled changes that are due into rows. Runs in the worker process if there is one. */
  schedules: ScheduleSweep;
  /** Events, notices and deliveries. By the worker process if there is one. */
  webhooks: Webhooks;
  checks: Checks;
  metrics: Metrics;
  keys: KeyRing;
  refusedKeys: RefusedKeys;
  /** Request limits per API key. */
  limits: RateLimits;
  /** Whether there are more requests than can be answered in time. */
  load: Load;
  /** Requests that are read and not begun. */
  queue: RequestQueue;
  tokens: Tokens;
  streams: Streams;
  /** Metadata keys that are sent to PostHog. */
  metadata: MetadataChoice;
  /** Null if PostHog is off. */
  posthog: Posthog | null;
  /** The processes of this node, apart from the worker. */
  systemStatus: () => Promise<SystemStatus>;
  tenantCounts: TenantCounts;
  background: Background;
  /** Writes of concurrent requests, which share a transaction. */
  gathered: Gathered;
  /** Set for requests with an Idempotency-Key. Batched writes call it in their transaction with the result. */
  keepAnswer?: KeepAnswer;
  passwords: Passwords;
  throttle: AllNodesThrottle;
  /** Whether the database can be written. */
  writeProbe: WriteProbe;
  /** Where `log` goes, unless a test reads it. */
  logOutput: LogOutput;
  /** The right `db` writes with. Null for the program itself and the command line. */
  authority: Authority | null;
};

/** The `context` of loaders and actions. */
export type RequestContext = Services & {
  cspNonce: string;
  /** The client's address; proxies are believed only with TRUST_PROXY. */
  ip: string;
  /** Null if PostHog is off. */
  visit: Visit | null;
  /** Further cookies to set. */
  moreCookies: string[];
};
