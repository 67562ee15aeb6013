import type { TenantChange } from "~/core/decision/changes";
import { followGrants } from "~/core/grants/plan-after";
import type { Instant, Json, Plan, ScheduledChange, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { byTime, maxScheduled } from "~/core/schedules/effective";
import type { Problems } from "./reverted";

type Context = { problems: Problems; catalogue: { plans: ReadonlyMap<string, Plan> }; now: Instant };

/** What people decided of an entry: without the ids that it follows, and without its problem. */
const decided = (entry: ScheduledChange | undefined) =>
  entry && ({ ...entry, follows: entry.follows !== undefined, problem: null } as unknown as Json);

/**
 * Reverts scheduled changes one by one: those that trials granted, moved or cancelled go back with these trials. One that
 * is gone by now was cancelled, or has taken effect, and stays so.
 */
export function revertScheduled(
  now: TenantFacts,
  before: TenantFacts,
  after: TenantFacts,
  { problems, catalogue, now: at }: Context,
): TenantChange["set"] {
  const of = ({ scheduled = [] }: TenantFacts) => new Map(scheduled.map((entry) => [entry.id, entry]));
  const [had, got, has] = [of(before), of(after), of(now)];
  const next = new Map(has);
  for (const id of new Set([...had.keys(), ...got.keys()])) {
    const [was, became, is] = [had.get(id), got.get(id), has.get(id)];
    const field = `scheduled/${id}`;
    const words = `scheduled change of ${now.name}`;
    if (sameJson(decided(was), decided(became))) {
      if (was && is && sameJson(decided(is), decided(was))) next.set(id, following(is, was));
    } else if (sameJson(decided(is), decided(was))) problems.settle(field, `The ${words} is as it was already.`);
    else if (became && !is) problems.settle(field, `The ${words} was cancelled since, or has taken effect.`);
    else if (!sameJson(decided(is), decided(became))) problems.refuseChanged(field, `The ${words} was changed since`);
    else if (!was) next.delete(id);
    else if (was.at <= at) problems.settle(field, `The ${words} would have taken effect by now, so it does not come back.`);
    else if (!is && was.plan != null && !catalogue.plans.has(was.plan))
      problems.refuse(field, `The ${words} cannot come back, because the plan ${was.plan} was deleted since.`);
    else if (!is && next.size >= maxScheduled)
      problems.refuse(field, `The ${words} cannot come back, because ${maxScheduled} others are scheduled, which is the most.`);
    else next.set(id, is ? following(was, is) : was);
  }
  const isSame = next.size === has.size && [...next].every(([id, entry]) => has.get(id) === entry);
  return isSame ? {} : { scheduled: byTime([...next.values()]) };
}

/** With what both follow, because either leads to the grants that come back. */
function following(entry: ScheduledChange, other: ScheduledChange): ScheduledChange {
  if (!entry.follows || !other.follows || entry.problem) return entry;
  const added = other.follows.filter((id) => !entry.follows?.includes(id));
  return added.length === 0 ? entry : { ...entry, follows: [...entry.follows, ...added] };
}

/** The change with what follows its grants, or null if it changes nothing. */
export function withFollowing(now: TenantFacts, change: TenantChange): TenantChange | null {
  const { scheduled, ...set } = followGrants(now, change).set;
  const isSame = scheduled === undefined || sameJson(scheduled as unknown as Json, (now.scheduled ?? []) as unknown as Json);
  const done = { ...change, set: isSame ? set : { ...set, scheduled } };
  return Object.keys(done.set).length === 0 && done.grants.length === 0 ? null : done;
}
