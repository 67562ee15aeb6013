import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, ScheduledChange, ScheduleProblem, TenantFacts } from "~/core/model";

/** Max scheduled changes of a tenant, with those that were impossible. */
export const maxScheduled = 20;

/** True if it takes effect at `now`. One that was impossible never does. */
export const isDue = (entry: ScheduledChange, now: Instant): boolean => entry.problem === undefined && entry.at <= now;

/** In order of time; of one instant, in the order in which they were scheduled. */
export const byTime = (entries: readonly ScheduledChange[]): ScheduledChange[] => [...entries].sort((a, b) => a.at - b.at);

/** The changes that are due, in the order in which they apply. */
export const dueChanges = ({ scheduled = [] }: TenantFacts, now: Instant): ScheduledChange[] =>
  byTime(scheduled.filter((entry) => isDue(entry, now)));

/** When a scheduled change takes effect next, or null. */
export function nextScheduled({ scheduled }: TenantFacts, now: Instant): Instant | null {
  let next: Instant | null = null;
  for (const { at, problem } of scheduled ?? []) {
    if (problem === undefined && at > now && (next === null || at < next)) next = at;
  }
  return next;
}

/**
 * The facts as they are at an instant, with the scheduled changes applied that are due. Returns the same object if none
 * is. The clock decides when this is read; rows follow later, and the result before and after that is equal.
 */
export function effective(facts: TenantFacts, catalogue: Catalogue, now: Instant): TenantFacts {
  if (!facts.scheduled?.some((entry) => isDue(entry, now))) return facts;
  return dueChanges(facts, now).reduce((so, entry) => applyScheduled(so, entry, catalogue), facts);
}

/** Applies one change, or marks it if it is impossible. */
export function applyScheduled(facts: TenantFacts, entry: ScheduledChange, catalogue: Catalogue): TenantFacts {
  const problem = scheduleProblem(facts, entry, catalogue);
  const { scheduled = [], ...rest } = facts;
  if (problem) return { ...rest, scheduled: scheduled.map((other) => (other.id === entry.id ? { ...other, problem } : other)) };
  const left = scheduled.filter(({ id }) => id !== entry.id);
  const applied: TenantFacts = {
    ...rest,
    plan: entry.plan === undefined ? facts.plan : entry.plan,
    addOns: entry.addOns ? changedAddOns(facts, entry.addOns, entry.at) : facts.addOns,
    status: entry.status ?? facts.status,
  };
  return left.length > 0 ? { ...applied, scheduled: left } : applied;
}

function changedAddOns(facts: TenantFacts, { add, remove }: { add: string[]; remove: string[] }, at: Instant): TenantFacts["addOns"] {
  // What is to be both added and removed is there afterwards.
  const kept = facts.addOns.filter(({ plan }) => !remove.includes(plan) || add.includes(plan));
  const added = add.filter((plan) => !kept.some((held) => held.plan === plan));
  return [...kept, ...added.map((plan) => ({ plan, addedAt: at }))];
}

/**
 * Why a change is impossible at its time, or null. A plan that is archived later counts as it was then. What the tenant
 * has already may be archived.
 */
export function scheduleProblem(facts: TenantFacts, entry: ScheduledChange, catalogue: Catalogue): ScheduleProblem | null {
  const problemOf = (key: string, kind: "base" | "add_on"): ScheduleProblem | null => {
    const plan = catalogue.plans.get(key);
    if (!plan) return "plan_not_found";
    if (plan.kind !== kind) return "plan_kind";
    return plan.archivedAt !== null && plan.archivedAt <= entry.at ? "plan_archived" : null;
  };
  const { plan, addOns } = entry;
  if (plan != null && plan !== facts.plan) {
    const problem = problemOf(plan, "base");
    if (problem) return problem;
  }
  for (const key of addOns?.add ?? []) {
    const problem = facts.addOns.some((held) => held.plan === key) ? null : problemOf(key, "add_on");
    if (problem) return problem;
  }
  return null;
}
