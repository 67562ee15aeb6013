import type { FlagReading, FlagTie, Instant, Json } from "./model";

/** How long a granting flag's last known value counts while PostHog does not answer. A gate's does not lapse. */
export const lastGrantCountsFor = 24 * 3_600_000;

/** What a flag says about one feature of one tenant; `null` is no opinion. */
export type FlagOpinion = {
  key: string;
  state: "on" | "off" | "unknown";
  gate: "on" | "off" | null;
  grant: "on" | "off" | null;
  payload: Json | undefined;
  variant: string | undefined;
  isStale: boolean;
  /** Why it says nothing, when more is known than that. */
  unknownBecause: "user_required" | "other_group_type" | null;
  /** When a stale value stops granting. */
  lapsesAt: Instant | null;
};

/** A reading that is absent counts as unknown: the tie itself says what that means. */
export function flagOpinion(tie: FlagTie, reading: FlagReading | undefined, now: Instant): FlagOpinion {
  const opinion = (state: FlagOpinion["state"], from?: { payload?: Json; variant?: string }): FlagOpinion => ({
    key: tie.key,
    state,
    gate: tie.rule === "grant" || state === "unknown" ? null : state,
    grant: tie.rule === "gate" || state === "unknown" ? null : state,
    payload: from?.payload,
    variant: from?.variant,
    isStale: false,
    unknownBecause: reading?.userRequired ? "user_required" : reading?.otherGroupType ? "other_group_type" : null,
    lapsesAt: null,
  });
  if (reading && reading.state !== "unknown") return opinion(reading.state, reading);
  if (tie.whenUnknown !== "last") return opinion(tie.whenUnknown);
  if (!reading?.last) return opinion("unknown");
  const last = { ...opinion(reading.last.state, reading.last), isStale: true };
  if (last.grant !== "on") return last;
  const lapsesAt = reading.last.seenAt + lastGrantCountsFor;
  if (lapsesAt > now) return { ...last, lapsesAt };
  return tie.rule === "grant" ? opinion("unknown") : { ...last, grant: null };
}
