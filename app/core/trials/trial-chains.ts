import type { Catalogue } from "~/core/catalogue/catalogue";
import { decide } from "~/core/decision/decide";
import { canBeLive, endOf } from "~/core/grants/grant-lifetime";
import type { Instant, TenantFacts, Trial } from "~/core/model";
import { day, isoTime } from "~/core/time";

/**
 * What became of a trial. `running`: it is live. `extended`: another grant took over. `never`: it ended before it could
 * start. The others are about the end of a chain; `open`: not converted, and there is still time.
 */
export const trialOutcomes = ["running", "extended", "never", "open", "converted", "lapsed"] as const;
export type TrialOutcome = (typeof trialOutcomes)[number];

/** A plan that gives the feature within this time after the end makes a conversion. In ms. */
export const conversionWindowMs = 30 * day;

export type TrialChain = {
  /** The last grant. */
  grant: string;
  feature: string;
  /** Who gave the first grant. */
  givenBy: string;
  startedAt: Instant;
  endsAt: Instant;
  extensions: number;
  endedEarly: boolean;
};

/** Joins grants that extend each other, first to last. Null if the tenant was never on trial. */
export function chainOf(grants: readonly Trial[], last: Trial): TrialChain | null {
  const first = grants[0] ?? last;
  const started = grants.find(canBeLive);
  if (!started) return null;
  const endsAt = endOf(last) as Instant;
  return {
    grant: last.id,
    feature: last.feature,
    givenBy: first.createdBy,
    startedAt: started.startsAt,
    endsAt,
    extensions: grants.length - 1,
    endedEarly: endsAt < last.endsAt,
  };
}

/** "2026-12" in UTC. */
export const monthOf = (at: Instant): string => isoTime(at).slice(0, 7);

/**
 * Whether the plan or an add-on gives the feature at an instant. Trials and overrides do not count, nor does a flag
 * that gates the feature.
 */
export function planGives(facts: TenantFacts | null, catalogue: Catalogue, feature: string, now: Instant): boolean {
  if (!facts) return false;
  const { entitled, reason, source, sources } = decide({ tenant: { ...facts, grants: [] }, catalogue, feature, now });
  if (reason === "flag_off") return sources.some((s) => s.source === "plan" || s.source === "add_on");
  return entitled && (source === "plan" || source === "add_on");
}

/** A document and the instant from which it was known. */
export type Version<Document> = { revision: number; at: Instant; document: Document };

/** Versions in the order in which they were in force. One that was recorded after a newer revision never was. */
export function inForce<Document>(versions: readonly Version<Document>[]): Version<Document>[] {
  const sorted = [...versions].sort((a, b) => a.at - b.at || a.revision - b.revision);
  let newest = -1;
  return sorted.filter(({ revision }) => {
    if (revision <= newest) return false;
    newest = revision;
    return true;
  });
}

/** The version in force at an instant, or null. */
export function versionAt<Document>(versions: readonly Version<Document>[], at: Instant): Version<Document> | null {
  return versions.findLast((version) => version.at <= at) ?? null;
}
