import { type FlagReading, isKnownFlag, type Json } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { FlagTrouble } from "./flag-health";
import type { FlagTargets } from "./flag-targets.server";
import type { LastValues } from "./last-known-values.server";

/** Flag readings of a tenant or of one user. A new object whenever a reading changes. */
export type FlagState = { readonly readings: ReadonlyMap<string, FlagReading> };

export const nothing: FlagState = { readings: new Map() };

/**
 * Health of a tenant's flags. `restsOn` is the source of values during an outage. `isAsking` is true while PostHog is
 * asked about this tenant.
 */
export type FlagStatus = { trouble: FlagTrouble | null; restsOn: "definitions" | "last"; isAsking: boolean };

/** Replaces the flag services when PostHog is off: every flag is unknown. */
export const noFlags = { of: () => nothing, peek: () => nothing };

export type FlagReadings = Map<string, FlagReading>;

/** Completes what PostHog returned with last known values, and with reasons. `user` is true if the check named a user. */
export function flagReadingsOf(
  flags: readonly string[],
  said: FlagReadings,
  last: LastValues,
  audiences: Pick<FlagTargets, "of" | "isOfPersons">,
  user: boolean,
): FlagReadings {
  return new Map(
    flags.map((flag): [string, FlagReading] => {
      const reading = said.get(flag) ?? { state: "unknown" };
      if (isKnownFlag(reading) || reading.otherGroupType) return [flag, reading];
      if (audiences.of(flag) === "elsewhere") return [flag, { state: "unknown", otherGroupType: true }];
      if (!user && audiences.isOfPersons(flag)) return [flag, { state: "unknown", userRequired: true }];
      if (reading.userLimit) return [flag, reading];
      const known = last.get(flag);
      return [flag, { state: "unknown", ...(known ? { last: known } : {}), ...(reading.failed ? { failed: true } : {}) }];
    }),
  );
}

export function sameReadings(a: FlagState["readings"], b: FlagState["readings"]): boolean {
  if (a.size !== b.size) return false;
  for (const [flag, reading] of a) if (!sameJson(reading as Json, b.get(flag) as Json | undefined)) return false;
  return true;
}

/** Person flags come from the user's readings, all others from the tenant's. */
export function withUser({ readings: ofTenant }: FlagState, { readings: ofUser }: FlagState): FlagState {
  const readings = new Map(ofTenant);
  for (const [flag, reading] of ofUser) {
    // A mixed flag that is on for the tenant is on for every user.
    const isOnForAll = reading.state === "unknown" && ofTenant.get(flag)?.state === "on";
    if (!isOnForAll) readings.set(flag, reading);
  }
  return { readings };
}
