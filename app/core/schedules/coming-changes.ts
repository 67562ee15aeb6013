import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, ScheduledChange, ScheduleProblem, TenantFacts } from "~/core/model";
import { applyScheduled, byTime, effective, scheduleProblem } from "./effective";

/**
 * `coming`: takes effect at its time. `endangered`: would be impossible as things are. `refused`: was impossible at its
 * time.
 */
export type ComingState = "coming" | "endangered" | "refused";
export type ComingChange = ScheduledChange & { state: ComingState; why: ScheduleProblem | null };

/** The changes that have not taken effect, the earliest first. `facts`: as they are now. */
export function comingChanges(facts: TenantFacts, catalogue: Catalogue, now: Instant): ComingChange[] {
  let then = effective(facts, catalogue, now);
  return byTime(then.scheduled ?? []).map((entry): ComingChange => {
    if (entry.problem) return { ...entry, state: "refused", why: entry.problem };
    const why = scheduleProblem(then, entry, catalogue);
    then = applyScheduled(then, entry, catalogue);
    return { ...entry, state: why ? "endangered" : "coming", why };
  });
}
