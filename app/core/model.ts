/**
 * The words of Latchkey as types. Everything here is plain data that survives JSON:
 * facts are kept as documents, so a decision can be made again from what was known on any day.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. Always an argument, never read from a clock in this folder. */
export type Instant = number;

/** The end of the year 9999: later ones need a sign in ISO 8601, which not everybody reads. */
export const lastInstant: Instant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A limit is a whole number from 0 to 2^53 - 1, or the word: never 0, -1 or null for "no limit". */
export type Limit = number | "unlimited";

/**
 * What a plan entry, a grant or a flag gives of a feature:
 * `true` for boolean features, a `Limit` for metered ones, any JSON that fits the settings for config ones.
 */
export type Value = Json;

export const featureTypes = ["boolean", "config", "metered"] as const;
export type FeatureType = (typeof featureTypes)[number];

export const resetPeriods = ["hour", "day", "week", "month", "year", "never"] as const;
export type ResetPeriod = (typeof resetPeriods)[number];

/** `better`: which of two numbers wins. `options`: allowed texts, best last; empty means any text, first source wins. */
export type ConfigSettings = { kind: "number"; better: "higher" | "lower" } | { kind: "text"; options: string[] } | { kind: "json" };

/** `soft`: over the limit is still a yes. `unit`: what is counted, for people ("calls", "seats"). */
export type MeterSettings = { resetPeriod: ResetPeriod; soft: boolean; unit: string | null };

export const flagRules = ["grant", "gate", "both"] as const;
export const whenUnknownChoices = ["last", "on", "off"] as const;
/** A PostHog feature flag that a feature is tied to, what it may do, and what no answer from PostHog means. */
export type FlagTie = {
  key: string;
  rule: (typeof flagRules)[number];
  whenUnknown: (typeof whenUnknownChoices)[number];
};

export type Feature = {
  key: string;
  name: string;
  description: string | null;
  group: string | null;
  flag: FlagTie | null;
  archivedAt: Instant | null;
  /** The catalogue's revision when this feature last changed: what two editors of one feature compare. */
  revision: number;
} & ({ type: "boolean" } | { type: "config"; config: ConfigSettings } | { type: "metered"; meter: MeterSettings });

export type PlanEntry = { feature: string; value: Value };

export const planKinds = ["base", "add_on"] as const;
export type PlanKind = (typeof planKinds)[number];

export type Plan = {
  key: string;
  name: string;
  description: string | null;
  kind: PlanKind;
  /** Cheapest first. */
  rank: number;
  /** The plan whose entries this one inherits; its own entries replace inherited ones. */
  includes: string | null;
  /** Own entries only, sorted by feature. */
  entries: PlanEntry[];
  archivedAt: Instant | null;
  /** The catalogue's revision when this plan last changed. */
  revision: number;
};

/** All that a decision reads of the catalogue. Both lists are sorted: features by key, plans by rank then key. */
export type CatalogueFacts = { revision: number; features: Feature[]; plans: Plan[] };

export const grantKinds = ["trial", "override"] as const;
export type GrantKind = (typeof grantKinds)[number];

type GrantBase = {
  id: string;
  feature: string;
  /** Live means `startsAt <= now < endsAt` and not ended. */
  startsAt: Instant;
  /** Set when a person or program ended it early; it stops counting at that instant. */
  endedAt: Instant | null;
  /** The grant that this one prolongs. */
  extends: string | null;
  note: string | null;
  createdAt: Instant;
  createdBy: string;
};
export type Trial = GrantBase & { kind: "trial"; value: Value; endsAt: Instant };
export type Override = GrantBase & { kind: "override"; endsAt: Instant | null } & ({ effect: "allow"; value: Value } | { effect: "deny" });
/** What one tenant gets (or is refused) apart from its plan. */
export type Grant = Trial | Override;

export const tenantStatuses = ["active", "suspended", "archived"] as const;
export type TenantStatus = (typeof tenantStatuses)[number];

/** All that a decision reads of one tenant. `grants` holds those that were not over when the facts were written. */
export type TenantFacts = {
  revision: number;
  key: string;
  name: string;
  status: TenantStatus;
  plan: string | null;
  /** Oldest first: of two add-ons that disagree, the latest wins. */
  addOns: { plan: string; addedAt: Instant }[];
  metadata: { [key: string]: Json };
  createdAt: Instant;
  /** The instant that this tenant's reset periods are counted from; absent or null: they follow the calendar in UTC. */
  usageAnchor?: Instant | null;
  grants: Grant[];
};

/** Consumption of one metered feature in the period that holds `now`; null: of an instant so far back that nobody knows. */
export type Usage = { used: number | null };

/** What is known of one tenant's flag; `last` is the newest value that PostHog ever gave. */
export type FlagReading = {
  state: "on" | "off" | "unknown";
  payload?: Json;
  variant?: string;
  last?: { state: "on" | "off"; payload?: Json; variant?: string; seenAt: Instant };
  /** The flag tells persons apart, and the question named none. */
  userRequired?: true;
  /** The flag tells groups of another type than tenants apart. */
  otherGroupType?: true;
  /** PostHog could not compute the flag. */
  failed?: true;
  /** The tenant's limit of questions about users was reached, so PostHog was not asked. */
  userLimit?: true;
};

/** Why a flag's value is unknown, if there is a more specific reason than a missing answer. */
export const unknownReasons = ["user_required", "other_group_type", "flag_failed", "user_limit"] as const;
export type UnknownBecause = (typeof unknownReasons)[number];

export function unknownBecause(reading: FlagReading | undefined): UnknownBecause | null {
  if (reading?.userRequired) return "user_required";
  if (reading?.otherGroupType) return "other_group_type";
  if (reading?.userLimit) return "user_limit";
  return reading?.failed ? "flag_failed" : null;
}

/** Session and address of the request that made a change, as properties of PostHog's events. */
export type RequestTags = { $session_id?: string; $current_url?: string };

/**
 * Who did it, as the audit log shows it. `request`: absent where PostHog is off, and outside of requests. `address`: the IP address
 * that the request came from, if there was one.
 */
export type Actor = {
  kind: "admin" | "api_key" | "cli" | "system";
  id: string;
  name: string;
  request?: RequestTags;
  address?: string | null;
};

/** What every change needs and must not make itself: the time, fresh ids, who, and the next revision. */
export type Stamp = { now: Instant; actor: Actor; newId: (prefix: "gr") => string };

export const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** 1 to 200 characters, none of them a control character or half of a surrogate pair, which no address can hold. */
export const tenantKeyPattern = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
