import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import type { TrialOutcome } from "./trial-chains";

/** A chain for counting. Grants that were extended or never live are not counted: their chain's last grant is. */
export type CountedTrial = {
  outcome: TrialOutcome;
  extensions: number;
  startedAt: Instant;
  /** Null if it was not used. */
  firstUsedAt: Instant | null;
};

export const countedOutcomes = ["running", "open", "converted", "lapsed"] as const;

/**
 * Numbers of chains. `granted` is converted + lapsed + open + running. `used` and `extended` are about any of them.
 * `daysToUse`: chains by whole days from the start to the first use.
 */
export type TrialCounts = {
  granted: number;
  used: number;
  converted: number;
  extended: number;
  lapsed: number;
  open: number;
  running: number;
  daysToUse: { [days: string]: number };
};

export const noTrials = (): TrialCounts => ({
  granted: 0,
  used: 0,
  converted: 0,
  extended: 0,
  lapsed: 0,
  open: 0,
  running: 0,
  daysToUse: {},
});

/** Adds one chain in place. */
export function countTrial(counts: TrialCounts, trial: CountedTrial): void {
  const { outcome, extensions, startedAt, firstUsedAt } = trial;
  if (outcome === "extended" || outcome === "never") return;
  counts.granted += 1;
  counts[outcome] += 1;
  if (extensions > 0) counts.extended += 1;
  if (firstUsedAt === null) return;
  counts.used += 1;
  const days = String(Math.floor((firstUsedAt - startedAt) / day));
  counts.daysToUse[days] = (counts.daysToUse[days] ?? 0) + 1;
}

/** Adds other counts in place. */
export function addTrialCounts(counts: TrialCounts, more: TrialCounts): void {
  for (const name of ["granted", "used", "converted", "extended", "lapsed", "open", "running"] as const) counts[name] += more[name];
  addDaysToUse(counts.daysToUse, more.daysToUse);
}

export function addDaysToUse(to: TrialCounts["daysToUse"], more: TrialCounts["daysToUse"]): void {
  for (const [days, n] of Object.entries(more)) to[days] = (to[days] ?? 0) + n;
}

/** The median of whole days to the first use; the lower one of two. Null if none was used. */
export function medianDaysToUse({ used, daysToUse }: Pick<TrialCounts, "used" | "daysToUse">): number | null {
  let left = Math.ceil(used / 2);
  const byDays = Object.entries(daysToUse).sort(([a], [b]) => Number(a) - Number(b));
  for (const [days, n] of byDays) {
    left -= n;
    if (left <= 0) return Number(days);
  }
  return null;
}
