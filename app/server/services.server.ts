import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Database, Queries } from "~db/database";
import type { Authority } from "./authority.server";
import type { Background } from "./background.server";
import type { Checks } from "./check.server";
import type { CheckCounts } from "./check-counts.server";
import type { Env } from "./env.server";
import type { FactsCache } from "./facts-cache.server";
import type { Gathered } from "./gathered.server";
import type { KeyRing } from "./key-ring.server";
import type { Load } from "./load.server";
import type { LogOutput } from "./log-output.server";
import type { Metrics } from "./metrics.server";
import type { Cleaning } from "./old-rows.server";
import type { Passwords } from "./passwords.server";
import type { MetadataChoice } from "./posthog/metadata-choice.server";
import type { Posthog } from "./posthog/posthog.server";
import type { Visit } from "./posthog/visitors.server";
import type { RateLimits } from "./rate-limits.server";
import type { RefusedKeys } from "./refused-keys.server";
import type { RequestQueue } from "./request-queue.server";
import type { SignInThrottle } from "./sign-in-throttle.server";
import type { Streams } from "./streams.server";
import type { TenantCounts } from "./tenant-counts.server";
import type { Tokens } from "./tokens.server";
import type { UsageCache } from "./usage-cache.server";
import type { WriteProbe } from "./write-probe.server";

export type KeepAnswer = (tx: Queries, result: unknown) => Promise<void>;

/** Built once for each process and passed on; nothing here is global. */
export type Services = {
  env: Env;
  log: Logger;
  db: Database;
  /** The only clock. Tests hand in their own. */
  now: () => Instant;
  /** In ms, monotonic: for every interval, since the clock may step. The clock itself in tests that hand one in. */
  elapsed: () => number;
  newId: (prefix: string) => string;
  facts: FactsCache;
  counts: CheckCounts;
  usage: UsageCache;
  cleaning: Cleaning;
  checks: Checks;
  metrics: Metrics;
  keys: KeyRing;
  refusedKeys: RefusedKeys;
  /** How often each API key may ask. */
  limits: RateLimits;
  /** Whether there are more requests than can be answered in time. */
  load: Load;
  /** Requests that are read and not begun. */
  queue: RequestQueue;
  tokens: Tokens;
  streams: Streams;
  /** Keys of tenants' metadata that may go to PostHog. */
  metadata: MetadataChoice;
  /** Null: PostHog is off. */
  posthog: Posthog | null;
  tenantCounts: TenantCounts;
  background: Background;
  /** Writes of concurrent requests, which share a transaction. */
  gathered: Gathered;
  /** Set for requests with an Idempotency-Key. A gathered write calls it in its transaction with its result. */
  keepAnswer?: KeepAnswer;
  passwords: Passwords;
  throttle: SignInThrottle;
  /** Whether the database can be written. */
  writeProbe: WriteProbe;
  /** Where `log` goes, unless a test reads it. */
  logOutput: LogOutput;
  /** By whose right `db` writes. Null: the program itself, or an operator at the command line. */
  authority: Authority | null;
};

/** What a loader or an action gets as `context`. */
export type RequestContext = Services & {
  cspNonce: string;
  /** Of whoever asks; a proxy's word for it only with TRUST_PROXY. */
  ip: string;
  /** Null: PostHog is off. */
  visit: Visit | null;
  /** Further cookies for the answer to set. */
  moreCookies: string[];
};
