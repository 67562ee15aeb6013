import { type Answer, type Decision, type Entitlement, type Json, type PosthogGroups, readAnswer, readGroups } from "./answer.js";
import type { LatchkeyError } from "./errors.js";
import { createGuard, type Guard, type RequireOptions } from "./guard.js";
import { createLookup } from "./lookup.js";
import { createChanges } from "./stream.js";

export type Fallback = boolean | { entitled: boolean; value?: Json; limit?: number | "unlimited" };

export type LatchkeyOptions = {
  /** Latchkey's URL, such as https://latchkey.example.com */
  url: string;
  /** An API key with the scope `check`. */
  key: string;
  /** Max time a check waits for an answer, in ms; default 2000. */
  timeoutMs?: number;
  /**
   * How long after its lifetime an answer is used while Latchkey is unavailable, in ms; default 5 minutes. Never beyond
   * its `validUntil`.
   */
  staleIfErrorMs?: number;
  /** Answers by feature if there is nothing else. A feature not listed is off. */
  defaults?: { readonly [feature: string]: Fallback };
  /** Max cached answers; default 1000. */
  maxAnswers?: number;
  /** Subscribes to changes of requested tenants, so that they are seen within a second. Off by default. `close` ends it. */
  stream?: boolean;
  /** PostHog's group type, as in Latchkey's POSTHOG_GROUP_TYPE; fallback of `posthogGroups`. */
  groupType?: string;
  /** Called once per request that got no answer. */
  onError?: (error: LatchkeyError) => void;
  fetch?: typeof fetch;
  now?: () => number;
};

export type CheckOptions = {
  /** Your id of the user; only flags that target persons read it. */
  user?: string;
  /** Requested quantity of a metered feature; default 1. */
  requested?: number;
};

export type Latchkey = {
  /** May this tenant use this feature? Never rejects. */
  has(tenant: string, feature: string, options?: CheckOptions): Promise<boolean>;
  /** The same with how much, why and until when. Never rejects. */
  decide(tenant: string, feature: string, options?: CheckOptions): Promise<Decision>;
  /** All features of the tenant. Never rejects. */
  all(tenant: string, options?: Pick<CheckOptions, "user">): Promise<Answer>;
  /** For Express, Fastify and fetch-style handlers: answers 403 with the reason if the tenant is not entitled. */
  requireFeature<Request = unknown>(feature: string, options: RequireOptions<Request>): Guard<Request>;
  /** Groups and properties for your own PostHog calls. Never rejects. */
  posthogGroups(tenant: string): Promise<PosthogGroups>;
  /** Drops cached answers of one tenant or all, so that the next check asks. */
  forget(tenant?: string): void;
  /** Ends the streams, which otherwise keep the program running. */
  close(): void;
};

/** Max tenants subscribed to, most recently used first. */
const maxStreams = 20;

const unavailable = "Latchkey could not be asked, so its default is answered.";

export function createLatchkey(options: LatchkeyOptions): Latchkey {
  const { key, defaults = {}, groupType = "organization", now = Date.now } = options;
  const transport = { url: baseOf(options.url), key: keyOf(key), timeoutMs: options.timeoutMs ?? 2000, fetch: options.fetch };
  const lookup = createLookup({
    transport,
    now,
    most: options.maxAnswers ?? 1000,
    staleIfErrorMs: options.staleIfErrorMs ?? 300_000,
    onError: options.onError,
  });

  const changes = options.stream ? createChanges(transport, maxStreams, (tenant) => lookup.forget(tenant)) : null;

  function fallback(feature: string): Entitlement {
    const given = Object.hasOwn(defaults, feature) ? (defaults[feature] as Fallback) : false;
    const what = typeof given === "boolean" ? { entitled: given } : given;
    const reason = { code: "unavailable", message: unavailable };
    return { ...what, type: null, source: null, reason, expiresAt: null, validUntil: null, sources: [] };
  }

  async function decide(tenant: string, feature: string, { user, requested }: CheckOptions = {}): Promise<Decision> {
    changes?.follow(tenant);
    // An answer for all features includes it, unless more than one unit is requested.
    const all = requested === undefined ? pathOf({ tenant, user }) : null;
    const whole = all === null ? undefined : lookup.fresh<Answer>(all);
    if (whole && Object.hasOwn(whole.entitlements, feature)) {
      return { ...(whole.entitlements[feature] as Entitlement), tenant, feature, from: "latchkey" };
    }
    const path = pathOf({ tenant, feature, user, requested });
    const found = await lookup.find({ tenant, path, read: (json) => readAnswer(json, tenant, feature) });
    if (found?.from === "latchkey") return { ...(found.body.entitlements[feature] as Entitlement), tenant, feature, from: "latchkey" };
    const before = found?.body ?? (all === null ? undefined : lookup.standIn<Answer>(all));
    if (!before || !Object.hasOwn(before.entitlements, feature)) return { ...fallback(feature), tenant, feature, from: "default" };
    return { ...(before.entitlements[feature] as Entitlement), isStale: true, tenant, feature, from: "stale" };
  }

  return {
    decide,
    has: async (tenant, feature, more) => (await decide(tenant, feature, more)).entitled,
    async all(tenant, { user } = {}) {
      changes?.follow(tenant);
      const found = await lookup.find({ tenant, path: pathOf({ tenant, user }), read: (json) => readAnswer(json, tenant, null) });
      if (found) return { ...found.body, from: found.from, isStale: found.body.isStale || found.from === "stale" };
      const entitlements = Object.fromEntries(Object.keys(defaults).map((feature) => [feature, fallback(feature)]));
      return { tenant, plan: null, validUntil: null, revision: 0, isStale: true, entitlements, from: "default" };
    },
    requireFeature: (feature, more) => createGuard(decide, feature, more),
    async posthogGroups(tenant) {
      const found = await lookup.find<PosthogGroups>({
        tenant,
        path: `/api/tenants/${encode(tenant)}/posthog-groups`,
        // A tenant unknown to Latchkey must not become a PostHog group either.
        read: (json, status) => (status === 404 ? { body: { groups: {}, groupProperties: {} }, validUntil: null } : readGroups(json)),
        alsoAnswers: [404],
        defaultMaxAgeSeconds: 30_000,
      });
      return found?.body ?? { groups: { [groupType]: tenant }, groupProperties: {} };
    },
    forget: (tenant) => lookup.forget(tenant ?? null),
    close: () => changes?.close(),
  };
}

function pathOf(question: { [name: string]: string | number | undefined }): string {
  const given = Object.entries(question).filter(([, value]) => value !== undefined);
  return `/api/entitlements?${given.map(([name, value]) => `${name}=${encode(String(value))}`).join("&")}`;
}

/** A lone surrogate, which no URL can hold, becomes U+FFFD: an unknown tenant instead of an exception. */
const encode = (text: string) => encodeURIComponent(String(text).replace(/\p{Cs}/gu, "\ufffd"));

function baseOf(url: string): string {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (!base || !/^https?:$/.test(base.protocol))
    throw new TypeError(`url has to be an address such as https://latchkey.example.com, not ${JSON.stringify(url)}`);
  return base.origin + base.pathname.replace(/\/+$/, "");
}

function keyOf(key: string): string {
  if (typeof key === "string" && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new TypeError("key has to be an API key of Latchkey, such as lk_live_…");
}
