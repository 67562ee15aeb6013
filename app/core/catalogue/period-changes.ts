import { type MeteredFeature, reportsAreLateAfter } from "~/core/decision/usage";
import { maxPeriodMs } from "~/core/decision/usage-period";
import type { CountsChoice, Instant, MeterSettings, PeriodChange } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { day } from "~/core/time";

/** Max changes of a feature's reset period that its counts may depend on. */
export const maxPeriodChanges = 12;

/** The feature with this meter. `counts`: what becomes of its counts if the reset period changes. */
export function withMeter(before: MeteredFeature, meter: MeterSettings, counts: CountsChoice, now: Instant): MeteredFeature | Refusal {
  const from = before.meter.resetPeriod;
  if (from === meter.resetPeriod) return { ...before, meter };
  const kept = neededChanges(before, now);
  if (kept.length >= maxPeriodChanges) {
    const message = `The counts of ${before.name} still depend on the last ${maxPeriodChanges} changes of its reset period. Wait until the periods that these changes began are over.`;
    return refuse("period_changes_full", message, "meter.resetPeriod");
  }
  const at = Math.max(now, (kept.at(-1)?.at ?? now - 1) + 1);
  return { ...before, meter, periodChanges: [...kept, { at, from, counts }] };
}

/**
 * The changes that a count may still depend on. After a change whose first period ended before the next change, and so
 * long ago that no event of it can arrive, neither it nor those before it matter.
 */
function neededChanges({ meter, periodChanges: changes = [] }: MeteredFeature, now: Instant): PeriodChange[] {
  const isOver = ({ at }: PeriodChange, i: number) => {
    const next = changes[i + 1];
    const end = at + maxPeriodMs[next?.from ?? meter.resetPeriod];
    return end <= Math.min(next?.at ?? now, now - reportsAreLateAfter - day);
  };
  return changes.slice(changes.findLastIndex(isOver) + 1);
}

/** What a change of the feature does with its counts: null if its reset period stays. */
export function countsAfter(was: MeteredFeature, is: MeteredFeature): CountsChoice | null {
  if (was.meter.resetPeriod === is.meter.resetPeriod) return null;
  return is.periodChanges?.at(-1)?.counts ?? "zero";
}

/**
 * The feature with the meter it had before a change. The reset period goes back by a further change that carries the
 * counts, and the undone change carries them too, so that no count is lost. A choice that the undone change had itself
 * altered, as an undo does, is as it was.
 */
export function withMeterBefore(
  feature: MeteredFeature,
  was: MeteredFeature,
  became: MeteredFeature,
  now: Instant,
): MeteredFeature | Refusal {
  const choiceIn = (changes: PeriodChange[] = [], at: Instant) => changes.find((change) => change.at === at)?.counts;
  const periodChanges = feature.periodChanges?.map((change) => {
    const [old, set] = [choiceIn(was.periodChanges, change.at), choiceIn(became.periodChanges, change.at)];
    return set === old || set === undefined ? change : { ...change, counts: old ?? ("carry" as const) };
  });
  return withMeter({ ...feature, ...(periodChanges ? { periodChanges } : {}) }, was.meter, "carry", now);
}
