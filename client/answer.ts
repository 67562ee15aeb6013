/** The wire format. Times are ISO 8601 in UTC. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Limit = number | "unlimited";

/** One source of a decision; `wins` marks the deciding one. */
export type Source = {
  readonly source: "override" | "plan" | "add_on" | "trial" | "flag";
  readonly wins?: true;
  readonly plan?: string;
  readonly grant?: string;
  readonly flag?: string;
  readonly expiresAt?: string | null;
  readonly [more: string]: Json | undefined;
};

export type Entitlement = {
  readonly entitled: boolean;
  /** Null if the tenant or feature does not exist, or Latchkey could not be asked. */
  readonly type: "boolean" | "config" | "metered" | null;
  /** The value of a config feature. */
  readonly value?: Json;
  /** For metered features. `limit` is absent if nothing is given, and `remaining` is then 0. */
  readonly limit?: Limit;
  readonly used?: number;
  readonly remaining?: Limit;
  readonly resetPeriod?: "hour" | "day" | "week" | "month" | "year" | "never";
  readonly resetsAt?: string | null;
  readonly softLimit?: boolean;
  readonly source: Source["source"] | null;
  /** `code` is for programs and may get new values; `message` is a sentence. */
  readonly reason: { readonly code: string; readonly message: string };
  readonly expiresAt: string | null;
  readonly validUntil: string | null;
  /** Plans that would turn a no into a yes, by rank. */
  readonly availableIn?: readonly string[];
  /** A page where the user can ask for the feature. */
  readonly askUrl?: string;
  readonly isStale?: boolean;
  readonly sources: readonly Source[];
};

/** `stale`: Latchkey did not answer, so this is its earlier answer. `default`: there is no usable earlier answer. */
export type From = "latchkey" | "stale" | "default";

export type Decision = Entitlement & { readonly tenant: string; readonly feature: string; readonly from: From };

export type Answer = {
  readonly tenant: string;
  readonly plan: string | null;
  readonly validUntil: string | null;
  readonly revision: number;
  readonly isStale: boolean;
  readonly entitlements: { readonly [feature: string]: Entitlement };
  readonly from: From;
};

/**
 * Pass on as `posthog.capture({ distinctId, event, groups })` and `posthog.evaluateFlags(id, { groups, groupProperties
 * })`.
 */
export type PosthogGroups = {
  readonly groups: { readonly [type: string]: string };
  readonly groupProperties: { readonly [type: string]: { readonly [property: string]: Json } };
};

/** A parsed body, and the instant from which it must not be used. */
export type Reading<Body> = { body: Body; validUntil: number | null };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Null if this is not Latchkey's answer to this request. */
export function readAnswer(json: unknown, tenant: string, feature: string | null): Reading<Omit<Answer, "from">> | null {
  if (!isObject(json) || json.tenant !== tenant || !isObject(json.entitlements)) return null;
  const { entitlements, validUntil } = json;
  if (!Object.values(entitlements).every((e) => isObject(e) && typeof e.entitled === "boolean" && isObject(e.reason))) return null;
  if (feature !== null && !Object.hasOwn(entitlements, feature)) return null;
  const until = typeof validUntil === "string" ? Date.parse(validUntil) : null;
  if (Number.isNaN(until)) return null;
  return { body: json as unknown as Answer, validUntil: until };
}

export function readGroups(json: unknown): Reading<PosthogGroups> | null {
  if (!isObject(json) || !isObject(json.groups) || !isObject(json.groupProperties)) return null;
  return { body: { groups: json.groups, groupProperties: json.groupProperties } as PosthogGroups, validUntil: null };
}

/** Answers are shared, so they are frozen. */
export function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
