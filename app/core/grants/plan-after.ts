import type { Catalogue } from "~/core/catalogue/catalogue";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import type { Grant, Instant, Json, ScheduledChange, Stamp, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { byTime } from "~/core/schedules/effective";
import { scheduleChange } from "~/core/schedules/schedule-changes";
import { endOf, isOver } from "./grant-lifetime";

/** The id by which a scheduled change follows a grant: its bundle's, or its own. */
const followedId = (grant: Grant): string => (grant.kind === "trial" && grant.bundle ? grant.bundle.id : grant.id);

/** The first of these changes that follows one of the grants. */
export function changeAfter(scheduled: readonly ScheduledChange[] | undefined, grants: readonly Grant[]): ScheduledChange | undefined {
  const ids = new Set(grants.map(followedId));
  return scheduled?.find(({ follows }) => follows?.some((id) => ids.has(id)));
}

/** True if the change follows no other grant in force, and so ends with this one. */
export function followsOnly({ follows }: ScheduledChange, grant: Grant, { grants }: TenantFacts, now: Instant): boolean {
  const id = followedId(grant);
  return !grants.some((other) => followedId(other) !== id && follows?.includes(followedId(other)) && !isOver(other, now));
}

/**
 * The outcome of granting trials, and a move to a plan at their end that follows them. `plan`: undefined for none. The
 * trials of one grant end together.
 */
export function withPlanAfter(
  granted: Outcome<TenantChange>,
  facts: TenantFacts,
  plan: string | undefined,
  catalogue: Catalogue,
  stamp: Stamp,
): Outcome<TenantChange> {
  if (plan === undefined || !granted.ok || !granted.change) return granted;
  const { change } = granted;
  const [first] = change.grants;
  if (first?.kind !== "trial") return granted;
  const follows = [...new Set(change.grants.map(followedId))];
  const scheduled = scheduleChange(facts, { at: first.endsAt, plan, follows, note: change.why }, catalogue, stamp);
  if (!scheduled.ok) return scheduled.field === undefined ? scheduled : { ...scheduled, field: "whenItEnds.plan" };
  return { ok: true, change: { ...change, set: { ...change.set, ...scheduled.change?.set } } };
}

/**
 * The change of grants, with what follows them: moved to their latest end, or cancelled if none of them is left. What is
 * due, or was impossible, stays. It is not checked again, so that a trial can be extended although the plan is archived.
 */
export function followGrants(facts: TenantFacts, change: TenantChange): TenantChange {
  const scheduled = change.set.scheduled ?? facts.scheduled ?? [];
  const isFollowing = ({ follows, at, problem }: ScheduledChange) => follows !== undefined && problem === undefined && at > change.at;
  if (!scheduled.some(isFollowing)) return change;
  const { grants } = applyChange(facts, change, facts.revision);
  const next = new Map(change.grants.flatMap(({ id, extends: old, endedAt }) => (old === null || endedAt !== null ? [] : [[old, id]])));
  const moved = scheduled.flatMap((entry) => (isFollowing(entry) ? followed(entry, grants, next) : [entry]));
  if (sameJson(moved as unknown as Json, scheduled as unknown as Json)) return change;
  return { ...change, set: { ...change.set, scheduled: byTime(moved) } };
}

/** `next`: the grants that take the place of others, by these. */
function followed(entry: ScheduledChange, grants: readonly Grant[], next: ReadonlyMap<string, string>): ScheduledChange[] {
  const ids = new Set(entry.follows?.map((id) => next.get(id) ?? id));
  const left = grants.filter((grant) => ids.has(followedId(grant)));
  if (left.length === 0) return [];
  const at = Math.max(...left.map((grant) => endOf(grant) as Instant));
  const isLeft = new Set(left.map(followedId));
  return [{ ...entry, at, follows: [...ids].filter((id) => isLeft.has(id)) }];
}
