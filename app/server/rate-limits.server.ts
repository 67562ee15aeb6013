import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";
import type { HeldKey } from "./key-ring.server";

const window = 60; // seconds

/** `left`: whole requests; `resets`: seconds until there are more. */
export type Taken = { ok: boolean; left: number; resets: number };

export type RateLimit = {
  readonly name: string;
  /** In a minute; 0: as many as they like. */
  readonly limit: number;
  /** As the field RateLimit-Policy says it. */
  readonly policy: string;
  take(key: string, now: Instant): Taken;
};

/** Keys are tens, tenants with tokens may be many; whose bucket is thrown away begins with a full one. */
const mostBuckets = 10_000;

/** Whose requests are counted together: a key's, and apart from it those of its tokens for one tenant, so that a page cannot use up what a server needs. */
export const bucketOf = ({ id, kind, tenant }: HeldKey): string => (kind === "tok" || kind === "sse" ? `${id}\n${tenant}` : id);

/** A bucket each, refilled all the time: whoever has it may send a minute's worth at once, and then as many as come back. */
export function createRateLimit(name: string, limit: number): RateLimit {
  const perMs = limit / (window * 1000);
  // One object for each is reused, not made anew.
  const buckets = new LRUCache<string, { tokens: number; at: Instant; taken: Taken }>({ max: mostBuckets });
  const free: Taken = { ok: true, left: 0, resets: 0 };

  function take(key: string, now: Instant): Taken {
    if (limit === 0) return free;
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = { tokens: limit, at: now, taken: { ...free } };
      buckets.set(key, bucket);
    }
    // A clock that jumps back gives nothing and takes nothing.
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

/** RFC draft ratelimit-headers, as structured fields. */
export const rateLimitField = ({ name }: RateLimit, { left, resets }: Taken) => `"${name}";r=${left};t=${resets}`;

/** What one browser key, or the tokens of one key, may use of what all of them may use for their tenant. */
export const shareOfBrowserKey = 3 / 4;

export type RateLimits = {
  requests: RateLimit;
  checks: RateLimit;
  /** Requests and checks of browser keys and tokens: of one key, and of all for one tenant. */
  browserKey: RateLimit;
  browserTenant: RateLimit;
};
/** What a request is counted as, whoever sends it. */
export type RequestKind = "requests" | "checks";

type Rates = { requestsPerMinute: number; checksPerMinute: number; browserRequestsPerMinute: number };

export const createRateLimits = ({ requestsPerMinute, checksPerMinute, browserRequestsPerMinute }: Rates): RateLimits => ({
  requests: createRateLimit("requests", requestsPerMinute),
  checks: createRateLimit("checks", checksPerMinute),
  browserKey: createRateLimit("browser-key", Math.ceil(browserRequestsPerMinute * shareOfBrowserKey)),
  browserTenant: createRateLimit("browser", browserRequestsPerMinute),
});

export type Usage = { limit: RateLimit; taken: Taken };

/** True if anyone who opens the page can read the key. */
export const isBrowserKey = ({ kind }: Pick<HeldKey, "kind">): boolean => kind !== "live";

/**
 * Takes a request from each budget that the key is counted under, and returns those with a limit; the last one has `taken.ok` false
 * if the request is refused. A key's own budget comes before its tenant's, so that a key which is refused uses up nothing of others.
 */
export function takeRequest(limits: RateLimits, key: HeldKey, kind: RequestKind, now: Instant): Usage[] {
  const used: Usage[] = [];
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

export const isRefused = (used: Usage[]): boolean => used.at(-1)?.taken.ok === false;

/** Names and values in turn; none without a limit. */
export function rateHeaders(used: Usage[]): [name: string, value: string][] {
  if (used.length === 0) return [];
  const policies = used.map(({ limit }) => limit.policy).join(", ");
  const left = used.map(({ limit, taken }) => rateLimitField(limit, taken)).join(", ");
  return [
    ["ratelimit-policy", policies],
    ["ratelimit", left],
  ];
}
