/**
 * The domain types. Everything is plain data that survives JSON: facts are stored as documents, so past decisions can
 * be repeated.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. Always an argument; this folder never reads a clock. */
export type Instant = number;

/** The end of the year 9999: later years need a sign in ISO 8601, which not every parser accepts. */
export const lastInstant: Instant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A whole number from 0 to 2^53 - 1, or the word; never 0, -1 or null for "no limit". */
export type Limit = number | "unlimited";

/**
 * The value of a plan entry, grant or flag: `true` for boolean features, a `Limit` for metered ones, JSON that fits the
 * settings for config ones.
 */
export type Value = Json;

export const featureTypes = ["boolean", "config", "metered"] as const;
export type FeatureType = (typeof featureTypes)[number];

export const resetPeriods = ["hour", "day", "week", "month", "year", "never"] as const;
export type ResetPeriod = (typeof resetPeriods)[number];

/**
 * `better`: which of two numbers wins. `options`: allowed texts, best last; if empty, any text is allowed and the first
 * source wins.
 */
export type ConfigSettings = { kind: "number"; better: "higher" | "lower" } | { kind: "text"; options: string[] } | { kind: "json" };

/** `soft`: exceeding the limit is still a yes. `unit`: what is counted ("calls", "seats"). */
export type MeterSettings = { resetPeriod: ResetPeriod; soft: boolean; unit: string | null };

/** What becomes of the counts when a reset period changes: the new period begins at 0, or with the current total. */
export const countsChoices = ["zero", "carry"] as const;
export type CountsChoice = (typeof countsChoices)[number];

/** A change of a reset period: from when on, and the kind before it. */
export type PeriodChange = { at: Instant; from: ResetPeriod; counts: CountsChoice };

/** `periodChanges`: those that counts still depend on, oldest first. */
type MeteredPart = { type: "metered"; meter: MeterSettings; periodChanges?: PeriodChange[] };

export const flagRules = ["grant", "gate", "both"] as const;
export const whenUnknownChoices = ["last", "on", "off"] as const;
/** The PostHog flag a feature is linked to, what it may do, and what applies if PostHog does not answer. */
export type FlagLink = {
  key: string;
  rule: (typeof flagRules)[number];
  whenUnknown: (typeof whenUnknownChoices)[number];
};

export type Feature = {
  key: string;
  name: string;
  description: string | null;
  group: string | null;
  /** A page where a user can ask for it, which answers carry when the plan or a limit refuses it. Absent for none. */
  askUrl?: string;
  flag: FlagLink | null;
  archivedAt: Instant | null;
  /** The catalogue's revision of the feature's last change, for detecting concurrent edits. */
  revision: number;
} & ({ type: "boolean" } | { type: "config"; config: ConfigSettings } | MeteredPart);

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
  /** The plan whose entries this one inherits; its own entries replace them. */
  includes: string | null;
  /** Own entries, sorted by feature. */
  entries: PlanEntry[];
  archivedAt: Instant | null;
  /** The catalogue's revision of the plan's last change. */
  revision: number;
};

/** Everything decisions read of the catalogue: features by key, plans by rank then key. */
export type CatalogueFacts = { revision: number; features: Feature[]; plans: Plan[] };

export const grantKinds = ["trial", "override"] as const;
export type GrantKind = (typeof grantKinds)[number];

type GrantBase = {
  id: string;
  feature: string;
  /** Live means `startsAt <= now < endsAt` and not ended. */
  startsAt: Instant;
  /** When it was ended early; it stops being live at that instant. */
  endedAt: Instant | null;
  /** The grant this one extends. */
  extends: string | null;
  /** The grant that an undo gave back with this one; absent for others. */
  restores?: string;
  note: string | null;
  createdAt: Instant;
  createdBy: string;
};
/** Trials of what a plan gives, which are extended and ended as one. Rows of an extension share its id. */
export type TrialBundle = { id: string; plan: string };
/** `bundle`: absent for a trial of its own. */
export type Trial = GrantBase & { kind: "trial"; value: Value; endsAt: Instant; bundle?: TrialBundle };
export type Override = GrantBase & { kind: "override"; endsAt: Instant | null } & ({ effect: "allow"; value: Value } | { effect: "deny" });
/** What a tenant gets, or is denied, apart from its plan. */
export type Grant = Trial | Override;

export const tenantStatuses = ["active", "suspended", "archived"] as const;
export type TenantStatus = (typeof tenantStatuses)[number];

export const scheduleProblems = ["plan_not_found", "plan_kind", "plan_archived"] as const;
/** Why a scheduled change was impossible at its time. */
export type ScheduleProblem = (typeof scheduleProblems)[number];

/** What a scheduled change sets. Omitted means unchanged; a null plan means none. */
export type ScheduledFields = {
  plan?: string | null;
  /** Keys. Those that the tenant has already, or no longer has, are left as they are. */
  addOns?: { add: string[]; remove: string[] };
  status?: TenantStatus;
};

/** A change of a tenant that begins at an instant. */
export type ScheduledChange = ScheduledFields & {
  id: string;
  /** In effect from this instant on, inclusive. */
  at: Instant;
  by: Pick<Actor, "kind" | "id" | "name">;
  createdAt: Instant;
  note: string | null;
  /** Ids of trials or bundles whose latest end is `at`, in whatever way that moves. Absent: it has a time of its own. */
  follows?: string[];
  /** Set if it was impossible at its time. It has no effect then, and stays until it is moved or cancelled. */
  problem?: ScheduleProblem;
};

/**
 * Everything decisions read of a tenant. `grants` contains those that were not over when the facts were written. Scheduled
 * changes take effect when they are read: see `effective` in app/core/schedules.
 */
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
  /** Start of the tenant's reset periods; absent or null for calendar periods in UTC. */
  usageAnchor?: Instant | null;
  grants: Grant[];
  /** By time; at most `maxScheduled`. Absent without any. */
  scheduled?: ScheduledChange[];
};

/** Usage in the period that contains `now`; null if it is no longer known. */
export type Usage = { used: number | null };

/** What PostHog returned for a flag. */
export type FlagValue = { state: "on" | "off"; payload?: Json; variant?: string };
export type LastFlagValue = FlagValue & { seenAt: Instant };

/** A flag of a tenant, from PostHog's response to the decision; `last` is the newest value PostHog returned. */
export type FlagReading = {
  state: FlagValue["state"] | "unknown";
  payload?: Json;
  variant?: string;
  last?: LastFlagValue;
  /** The flag targets persons, and the check named none. */
  userRequired?: true;
  /** The flag targets groups of another type. */
  otherGroupType?: true;
  /** PostHog could not compute the flag. */
  failed?: true;
  /** The tenant's budget of questions about users was used up, so PostHog was not asked. */
  userLimit?: true;
};

export const isKnownFlag = (reading: FlagReading): reading is FlagReading & FlagValue => reading.state !== "unknown";

/** Why a value is unknown, if more specific than a missing answer. */
export const unknownReasons = ["user_required", "other_group_type", "flag_failed", "user_limit"] as const;
export type UnknownBecause = (typeof unknownReasons)[number];

export function unknownBecause(reading: FlagReading | undefined): UnknownBecause | null {
  if (reading?.userRequired) return "user_required";
  if (reading?.otherGroupType) return "other_group_type";
  if (reading?.userLimit) return "user_limit";
  return reading?.failed ? "flag_failed" : null;
}

/** Session and URL of the request that made a change, as properties of PostHog's events. */
export type RequestTags = { $session_id?: string; $current_url?: string };

/**
 * Who made a change, as the audit log shows it. `request`: absent without PostHog and outside of requests. `address`:
 * the request's IP address, if any. `changeSet`: id of the act that the change is part of; absent: an act of its own.
 */
export type Actor = {
  kind: "admin" | "api_key" | "cli" | "system";
  id: string;
  name: string;
  request?: RequestTags;
  address?: string | null;
  changeSet?: string;
};

/** Inputs every change gets from outside: time, new ids, actor. */
export type Stamp = { now: Instant; actor: Actor; newId: (prefix: "gr" | "sc" | "bu") => string };

export const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** `keyPattern` as the end of a sentence. */
export const keyRule = "starts with a letter or digit and has up to 100 letters, digits, dots, hyphens and underscores.";
/** 1 to 200 characters without control characters or lone surrogates, which URLs cannot hold. */
export const tenantKeyPattern = /^[^\p{Cc}\p{Cs}]{1,200}$/u;
