import type { Catalogue } from "~/core/catalogue/catalogue";
import { addOnProblem, planProblem, type TenantAction, type TenantChange } from "~/core/decision/changes";
import type { Instant, ScheduledChange, ScheduledFields, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { applyScheduled, byTime, dueChanges, effective, maxScheduled } from "./effective";

export type ScheduleForm = ScheduledFields & Pick<ScheduledChange, "follows"> & { at: Instant; note?: string | null };

const notFound = (id: string) =>
  refuse("schedule_not_found", `There is no scheduled change ${id}. It may have been cancelled, or has taken effect.`, "id");

/** Adds a change that takes effect at a later instant. The facts are as they are now. */
export function scheduleChange(facts: TenantFacts, form: ScheduleForm, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const { at, note, ...fields } = form;
  const scheduled = facts.scheduled ?? [];
  if (scheduled.length >= maxScheduled) {
    return refuse("schedule_full", `${facts.name} has ${maxScheduled} scheduled changes, which is the most. Cancel one first.`);
  }
  const { kind, id, name } = stamp.actor;
  const entry: ScheduledChange = {
    id: stamp.newId("sc"),
    at,
    by: { kind, id, name },
    createdAt: stamp.now,
    note: note ?? null,
    ...fields,
  };
  const bad = entryProblem(facts, entry, catalogue, stamp.now);
  if (bad) return bad;
  return changed("tenant.change_scheduled", facts, [...scheduled, entry], stamp, note);
}

/** Moves a change to another instant, which it then has of its own. One that was impossible is tried again then. */
export function moveScheduled(
  facts: TenantFacts,
  form: { id: string; at: Instant; note?: string | null },
  catalogue: Catalogue,
  stamp: Stamp,
): Outcome<TenantChange> {
  const entry = facts.scheduled?.find(({ id }) => id === form.id);
  if (!entry) return notFound(form.id);
  if (entry.at === form.at && entry.problem === undefined) return { ok: true, change: null };
  const { problem: _, follows: __, ...rest } = entry;
  const moved: ScheduledChange = { ...rest, at: form.at };
  const others = (facts.scheduled ?? []).filter(({ id }) => id !== form.id);
  const bad = entryProblem({ ...facts, scheduled: others }, moved, catalogue, stamp.now);
  if (bad) return bad;
  return changed("tenant.scheduled_change_moved", facts, [...others, moved], stamp, form.note);
}

/** Takes a change off the list before it takes effect, or one that was impossible. */
export function cancelScheduled(facts: TenantFacts, form: { id: string; note?: string | null }, stamp: Stamp): Outcome<TenantChange> {
  const others = (facts.scheduled ?? []).filter(({ id }) => id !== form.id);
  if (others.length === (facts.scheduled ?? []).length) return notFound(form.id);
  return changed("tenant.scheduled_change_cancelled", facts, others, stamp, form.note);
}

function changed(
  action: TenantAction,
  facts: TenantFacts,
  scheduled: ScheduledChange[],
  stamp: Stamp,
  note: string | null | undefined,
): Outcome<TenantChange> {
  const { key } = facts;
  return { ok: true, change: { action, key, set: { scheduled: byTime(scheduled) }, grants: [], at: stamp.now, why: note ?? null } };
}

/** What is wrong with a change at its time, after what else is scheduled until then. */
function entryProblem(facts: TenantFacts, entry: ScheduledChange, catalogue: Catalogue, now: Instant): Refusal | null {
  const { at, plan, addOns, status } = entry;
  if (at <= now) return refuse("schedule_in_past", "Choose a time in the future. To change it now, leave the time out.", "at");
  if (plan === undefined && addOns === undefined && status === undefined) {
    return refuse("schedule_unchanged", "Nothing would change. Choose a plan, add-ons or a status.");
  }
  const then = effective(facts, catalogue, at);
  const bad = planProblem(plan, then.plan, catalogue) ?? addOnProblem(addOns?.add, then, catalogue);
  if (bad) return bad;
  if (plan !== undefined && plan === then.plan) {
    const has = plan === null ? "no plan" : (catalogue.plans.get(plan)?.name ?? plan);
    return refuse("schedule_unchanged", `${facts.name} has ${has} by then already. Choose another plan, or another time.`, "plan");
  }
  if (status !== undefined && status === then.status) {
    return refuse("schedule_unchanged", `${facts.name} is ${status} by then already. Choose another status, or another time.`, "status");
  }
  const after = applyScheduled({ ...then, scheduled: [entry] }, entry, catalogue);
  if (addOns !== undefined && sameJson(keysOf(after), keysOf(then))) {
    const sentence = `${facts.name} has exactly these add-ons by then already. Choose others, or another time.`;
    return refuse("schedule_unchanged", sentence, "addOns");
  }
  return null;
}

const keysOf = ({ addOns }: TenantFacts) => addOns.map(({ plan }) => plan);

/** One change that is due, as a change of rows. `after` has it applied; its revision is still the old one. */
export type Folded = { entry: ScheduledChange; change: TenantChange; after: TenantFacts };

/** The changes that are due as changes to write, in their order. Facts that are read before and after are equal. */
export function foldedChanges(facts: TenantFacts, catalogue: Catalogue, now: Instant): Folded[] {
  let before = facts;
  return dueChanges(facts, now).map((entry) => {
    const after = applyScheduled(before, entry, catalogue);
    const { scheduled = [] } = after;
    const isRefused = scheduled.some(({ id }) => id === entry.id);
    const set: TenantChange["set"] = { scheduled };
    if (after.plan !== before.plan) set.plan = after.plan;
    if (!sameJson(keysOf(after), keysOf(before))) set.addOns = after.addOns;
    if (after.status !== before.status) set.status = after.status;
    before = after;
    const action: TenantAction = isRefused ? "tenant.scheduled_change_refused" : "tenant.scheduled_change_applied";
    return { entry, after, change: { action, key: facts.key, set, grants: [], at: now, why: entry.note } };
  });
}
