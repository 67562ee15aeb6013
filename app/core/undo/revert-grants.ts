import { valueProblem } from "~/core/decision/values";
import { endOf, isOver } from "~/core/grants/grant-lifetime";
import type { Feature, Grant, Instant, Stamp, TenantFacts, TenantStatus } from "~/core/model";
import { longDate } from "~/core/time";
import { capital, isArchivedSince, type PastChange, type Problems } from "./reverted";

export type GrantsContext = {
  features: ReadonlyMap<string, Feature>;
  stamp: Stamp;
  /** The tenant's status after this undo. */
  status: TenantStatus;
  /** True if the tenant was archived already when the change was made. */
  wasArchived: boolean;
  /** The change's instant. */
  at: Instant;
  problems: Problems;
};

/** Rows that give back an ended grant share the identity of the first one. */
const identityOf = (grant: Grant): string => grant.restores ?? grant.id;

/** The row that stands for this grant now, or undefined. */
const currentOf = (grants: readonly Grant[], grant: Grant, now: Instant) =>
  grants.find((g) => identityOf(g) === identityOf(grant) && !isOver(g, now));

/**
 * Grants to write: those that the change made end, those that it ended are given back by new rows until their former
 * end, and of an extension both. Ended rows are not reopened: docs/decisions/0070-undo.md
 */
export function revertGrants(now: TenantFacts, { before, after, at }: PastChange<TenantFacts>, context: GrantsContext): Grant[] {
  const { stamp, problems } = context;
  const made = after.grants.filter((g) => !before.grants.some((old) => old.id === g.id));
  const ended = before.grants.filter((g) => !after.grants.some((is) => is.id === g.id) && !isOver(g, at));
  const changes: Grant[] = [];
  const done = new Set<string>();
  for (const grant of made) {
    const former = ended.find((g) => g.id === grant.extends);
    if (former) done.add(former.id);
    const current = currentOf(now.grants, grant, stamp.now);
    const end = endOf(grant);
    if (!current && former && end !== null && end <= stamp.now) {
      // An undone extension: the shorter grant is over by the clock, and the longer one may not be.
      const restored = restore(now, former, grant, changes, context);
      if (typeof restored === "object") changes.push(restored);
      if (restored !== "past") continue;
    }
    if (!current) {
      explainMissing(now, grant, former !== undefined, context);
      continue;
    }
    const restored = former && restore(now, former, current, changes, context);
    if (restored === "refused") continue;
    if (restored === "past") problems.settle(`grants/${grant.id}`, `The former end of ${nameOf(grant, context)} is past, so it ends now.`);
    changes.push({ ...current, endedAt: stamp.now });
    if (typeof restored === "object") changes.push(restored);
  }
  for (const grant of ended) {
    if (done.has(grant.id)) continue;
    const restored = restore(now, grant, grant, changes, context);
    if (restored === "past")
      problems.settle(`grants/${grant.id}`, `${capital(nameOf(grant, context))} would be over by now, so it stays ended.`);
    if (typeof restored === "object") changes.push(restored);
  }
  return changes;
}

/** The grant that the change made is no longer in force. */
function explainMissing(now: TenantFacts, grant: Grant, isExtension: boolean, context: GrantsContext): void {
  const { stamp, problems } = context;
  const field = `grants/${grant.id}`;
  const name = capital(nameOf(grant, context));
  const end = endOf(grant);
  const next = now.grants.find((g) => g.kind === grant.kind && g.feature === grant.feature && !isOver(g, stamp.now));
  if (end !== null && end <= stamp.now) problems.settle(field, `${name} ended on ${longDate(end)}, so nothing is left to undo.`);
  else if (next?.extends) problems.refuseChanged(field, `${name} was extended since`);
  else if (isExtension) problems.refuseChanged(field, `${name} was ended since`);
  else problems.settle(field, `${name} has ended already.`);
}

/** The new row; "past": it would be over; "refused": see the problem. `replaced` is the row it follows. */
function restore(now: TenantFacts, grant: Grant, replaced: Grant, changes: readonly Grant[], context: GrantsContext) {
  const { stamp, features, status, problems } = context;
  const field = `grants/${grant.id}`;
  const name = nameOf(grant, context);
  if (grant.endsAt !== null && grant.endsAt <= stamp.now) return "past" as const;
  const refused = (message: string, isChanged = false) => {
    if (isChanged) problems.refuseChanged(field, message);
    else problems.refuse(field, message);
    return "refused" as const;
  };
  if (currentOf(now.grants, grant, stamp.now)) {
    problems.settle(field, `${now.name} has ${name} back already.`);
    return "refused" as const;
  }
  const feature = features.get(grant.feature);
  if (!feature) return refused(`${capital(name)} cannot come back, because the feature is gone.`);
  if (isArchivedSince(feature, context.at))
    return refused(`${capital(name)} cannot come back while ${feature.name} is archived. Restore the feature first.`);
  if (status === "archived" && !context.wasArchived)
    return refused(`${capital(name)} cannot come back while ${now.name} is archived. Reinstate it first.`);
  const bad = "value" in grant ? valueProblem(feature, grant.value) : null;
  if (bad) return refused(`${capital(name)} cannot come back: its value ${bad}.`);
  const startsAt = Math.max(grant.startsAt, stamp.now);
  const others = [...now.grants.filter((g) => g !== replaced && !changes.some((c) => c.id === g.id)), ...changes];
  const other = others.find((g) => g.kind === grant.kind && g.feature === grant.feature && overlaps(g, startsAt, grant.endsAt, stamp.now));
  if (other) return refused(`${now.name} has another ${grant.kind} of ${feature.name} since`, true);
  const fresh = { id: stamp.newId("gr"), startsAt, endedAt: null, extends: replaced.id, restores: identityOf(grant) };
  return { ...grant, ...fresh, createdAt: stamp.now, createdBy: stamp.actor.name } as Grant;
}

function overlaps(other: Grant, startsAt: Instant, endsAt: Instant | null, now: Instant): boolean {
  if (isOver(other, now)) return false;
  const end = endOf(other);
  return (end === null || startsAt < end) && (endsAt === null || other.startsAt < endsAt);
}

const nameOf = ({ kind, feature }: Grant, { features }: GrantsContext) => `the ${kind} of ${features.get(feature)?.name ?? feature}`;
