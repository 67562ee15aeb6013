import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";
import type { CachedKey } from "./key-cache.server";

const window = 60; // seconds

/** `left`: whole requests. `resets`: seconds until there are more. */
export type Taken = { ok: boolean; left: number; resets: number };

export type RateLimit = {
  readonly name: string;
  /** Per minute; 0 means no limit. */
  readonly limit: number;
  /** The RateLimit-Policy field. */
  readonly policy: string;
  take(key: string, now: Instant): Taken;
};

/** Keys are tens; tenants with tokens may be many. An evicted bucket restarts full. */
const maxBuckets = 10_000;

/**
 * The bucket of a request: the key's own, or for browser tokens one per key and tenant, so that a page cannot use up
 * the server's budget.
 */
export const bucketOf = ({ id, kind, tenant }: CachedKey): string => (kind === "tok" || kind === "sse" ? `${id}\n${tenant}` : id);

/** Token buckets, refilled continuously: a client may send a minute's budget at once, then as fast as it refills. */
export function createRateLimit(name: string, limit: number): RateLimit {
  const perMs = limit / (window * 1000);
  // One object per bucket, reused.
  const buckets = new LRUCache<string, { tokens: number; at: Instant; taken: Taken }>({ max: maxBuckets });
  const free: Taken = { ok: true, left: 0, resets: 0 };

  function take(key: string, now: Instant): Taken {
    if (limit === 0) return free;
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = { tokens: limit, at: now, taken: { ...free } };
      buckets.set(key, bucket);
    }
    // If the clock steps back, nothing is added or removed.
    if (now > bucket.at) bucket.tokens = Math.min(limit, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    const { taken } = bucket;
    taken.ok = bucket.tokens >= 1;
    if (taken.ok) bucket.tokens -= 1;
    taken.left = Math.floor(bucket.tokens);
    const missing = taken.ok ? limit - bucket.tokens : 1 - bucket.tokens;
    taken.resets = Math.max(1, Math.ceil(missing / perMs / 1000));
    return taken;
  }
  return { name, limit, policy: `"${name}";q=${limit};w=${window}`, take };
}

/** Structured field of the RFC draft ratelimit-headers. */
export const rateLimitField = ({ name }: RateLimit, { left, resets }: Taken) => `"${name}";r=${left};t=${resets}`;

/** The share of the tenant's browser budget that one browser key, or the tokens of one key, may use. */
export const shareOfBrowserKey = 3 / 4;

export type RateLimits = {
  requests: RateLimit;
  checks: RateLimit;
  /** Requests and checks of browser keys and tokens: of one key, and of all for one tenant. */
  browserKey: RateLimit;
  browserTenant: RateLimit;
};
/** The budget a request counts against. */
export type RequestKind = "requests" | "checks";

type Rates = { requestsPerMinute: number; checksPerMinute: number; browserRequestsPerMinute: number };

export const createRateLimits = ({ requestsPerMinute, checksPerMinute, browserRequestsPerMinute }: Rates): RateLimits => ({
  requests: createRateLimit("requests", requestsPerMinute),
  checks: createRateLimit("checks", checksPerMinute),
  browserKey: createRateLimit("browser-key", Math.ceil(browserRequestsPerMinute * shareOfBrowserKey)),
  browserTenant: createRateLimit("browser", browserRequestsPerMinute),
});

export type BudgetUse = { limit: RateLimit; taken: Taken };

/** True if anyone who opens the page can read the key. */
export const isBrowserKey = ({ kind }: Pick<CachedKey, "kind">): boolean => kind !== "live";

/**
 * Takes one request from each budget that applies to the key, and returns those with a limit; if the request is
 * refused, the last one has `taken.ok` false. The key's own budget comes before its tenant's, so that a refused request
 * uses nothing of the shared budget.
 */
export function takeRequest(limits: RateLimits, key: CachedKey, kind: RequestKind, now: Instant): BudgetUse[] {
  const used: BudgetUse[] = [];
  const take = (limit: RateLimit, bucket: string): boolean => {
    if (limit.limit === 0) return true;
    const taken = limit.take(bucket, now);
    used.push({ limit, taken });
    return taken.ok;
  };
  const isLeft = take(limits[kind], bucketOf(key));
  if (isLeft && isBrowserKey(key) && take(limits.browserKey, bucketOf(key))) take(limits.browserTenant, key.tenant ?? key.id);
  return used;
}

export const isRefused = (used: BudgetUse[]): boolean => used.at(-1)?.taken.ok === false;

/** Names and values in turn; none without a limit. */
export function rateHeaders(used: BudgetUse[]): [name: string, value: string][] {
  if (used.length === 0) return [];
  const policies = used.map(({ limit }) => limit.policy).join(", ");
  const left = used.map(({ limit, taken }) => rateLimitField(limit, taken)).join(", ");
  return [
    ["ratelimit-policy", policies],
    ["ratelimit", left],
  ];
}
