import type { FlagReading } from "~/core/model";
import type { FlagTrouble } from "./flag-contact";
import type { LastValues } from "./last-values.server";
import type { Verdict } from "./remote-flags.server";

/** What is known of one tenant's flags. Another object whenever a reading is another one. */
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

/** `needsUser`: whether a flag cannot be answered for as it was asked. */
export function readingsOf(
  flags: string[],
  said: Verdicts,
  last: LastValues,
  needsUser: (flag: string) => boolean,
): Map<string, FlagReading> {
  return new Map(
    flags.map((flag): [string, FlagReading] => {
      const verdict = said.get(flag) ?? "unknown";
      if (verdict !== "unknown") return [flag, verdict];
      if (needsUser(flag)) return [flag, { state: "unknown", userRequired: true }];
      const known = last.get(flag);
      return [flag, { state: "unknown", ...(known ? { last: known } : {}) }];
    }),
  );
}
