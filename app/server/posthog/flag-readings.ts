import type { FlagReading, Json } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { FlagAudiences } from "./flag-audiences.server";
import type { FlagTrouble } from "./flag-contact";
import type { LastValues } from "./last-values.server";
import type { Verdict } from "./remote-flags.server";

/** What is known of flags for one tenant, or for one user of it. Another object whenever a reading is another one. */
export type FlagState = { readonly readings: ReadonlyMap<string, FlagReading> };

export type Verdicts = Map<string, Verdict>;

export const nothing: FlagState = { readings: new Map() };

/**
 * How flags of a tenant fare. `restsOn`: what answers are made from while there is trouble. `isAsking`: PostHog is being asked
 * about this tenant.
 */
export type FlagStatus = { trouble: FlagTrouble | null; restsOn: "definitions" | "last"; isAsking: boolean };

/** What stands in for all of this when PostHog is off: every flag is unknown. */
export const noFlags = { of: () => nothing, peek: () => nothing };

type Readings = Map<string, FlagReading>;

/** `user`: somebody was named. */
export function readingsOf(
  flags: readonly string[],
  said: Verdicts,
  last: LastValues,
  audiences: Pick<FlagAudiences, "of" | "isOfPersons">,
  user: boolean,
): Readings {
  return new Map(
    flags.map((flag): [string, FlagReading] => {
      const verdict = said.get(flag) ?? "unknown";
      if (typeof verdict === "object") return [flag, verdict];
      if (verdict === "no_group" || audiences.of(flag) === "elsewhere") return [flag, { state: "unknown", otherGroupType: true }];
      if (!user && audiences.isOfPersons(flag)) return [flag, { state: "unknown", userRequired: true }];
      if (verdict === "user_limit") return [flag, { state: "unknown", userLimit: true }];
      const known = last.get(flag);
      return [flag, { state: "unknown", ...(known ? { last: known } : {}), ...(verdict === "failed" ? { failed: true } : {}) }];
    }),
  );
}

export function sameReadings(a: FlagState["readings"], b: FlagState["readings"]): boolean {
  if (a.size !== b.size) return false;
  for (const [flag, reading] of a) if (!sameJson(reading as Json, b.get(flag) as Json | undefined)) return false;
  return true;
}

/** For a user: of flags about persons what was said of this one, of all else what is known of the tenant. */
export function withUser({ readings: ofTenant }: FlagState, { readings: ofUser }: FlagState): FlagState {
  const readings = new Map(ofTenant);
  for (const [flag, reading] of ofUser) {
    // Of a flag about both, what switches it on for the tenant does so for everybody.
    const isOnForAll = reading.state === "unknown" && ofTenant.get(flag)?.state === "on";
    if (!isOnForAll) readings.set(flag, reading);
  }
  return { readings };
}
