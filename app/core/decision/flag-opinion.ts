import { type FlagLink, type FlagReading, type Instant, type Json, type UnknownBecause, unknownBecause } from "~/core/model";
import { day } from "~/core/time";

/**
 * How long a granting flag's last known value is used while PostHog does not answer, in ms. A gate's value does not
 * expire.
 */
export const lastGrantCountsFor = day;

/** A flag's effect on a feature of a tenant; `null` means none. */
export type FlagOpinion = {
  key: string;
  /** `not_asked`: PostHog is off, or nothing asked it about this flag. */
  state: "on" | "off" | "unknown" | "not_asked";
  gate: "on" | "off" | null;
  grant: "on" | "off" | null;
  payload: Json | undefined;
  variant: string | undefined;
  isStale: boolean;
  /** True if PostHog gave no answer, so that `gate` and `grant` come from the feature's `whenUnknown`. */
  isAssumed: boolean;
  /** Why the value is unknown, if known. */
  unknownBecause: UnknownBecause | null;
  /** When a stale value stops granting. */
  lapsesAt: Instant | null;
};

/** `reading` undefined: PostHog was not asked. Without a value, the link's `whenUnknown` decides. */
export function flagOpinion(tie: FlagLink, reading: FlagReading | undefined, now: Instant): FlagOpinion {
  const opinion = (state: "on" | "off" | "unknown", from?: { payload?: Json; variant?: string }): FlagOpinion => ({
    key: tie.key,
    state,
    gate: tie.rule === "grant" || state === "unknown" ? null : state,
    grant: tie.rule === "gate" || state === "unknown" ? null : state,
    payload: from?.payload,
    variant: from?.variant,
    isStale: false,
    isAssumed: false,
    unknownBecause: unknownBecause(reading),
    lapsesAt: null,
  });
  if (reading && reading.state !== "unknown") return opinion(reading.state, reading);
  if (!reading) return { ...opinion(tie.whenUnknown === "last" ? "unknown" : tie.whenUnknown), state: "not_asked", isAssumed: true };
  if (tie.whenUnknown !== "last") return { ...opinion(tie.whenUnknown), isAssumed: true };
  if (!reading.last) return opinion("unknown");
  const last = { ...opinion(reading.last.state, reading.last), isStale: true };
  if (last.grant !== "on") return last;
  const lapsesAt = reading.last.seenAt + lastGrantCountsFor;
  if (lapsesAt > now) return { ...last, lapsesAt };
  return tie.rule === "grant" ? opinion("unknown") : { ...last, grant: null };
}
