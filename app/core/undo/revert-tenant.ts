import type { TenantAction, TenantChange } from "~/core/decision/changes";
import { isOver } from "~/core/grants/grant-lifetime";
import type { CatalogueFacts, Feature, Instant, Json, Plan, Stamp, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { longDate } from "~/core/time";
import { revertGrants } from "./revert-grants";
import { revertScheduled, withFollowing } from "./revert-scheduled";
import { capital, createProblems, isArchivedSince, type PastChange, type Problems, type Reverted } from "./reverted";

export type RevertOptions = { stamp: Stamp; action: string; why: string | null };
/** `catalogue` is the one after this undo. */
export type TenantRevertOptions = RevertOptions & { catalogue: NamedCatalogue };
export type NamedCatalogue = { plans: ReadonlyMap<string, Plan>; features: ReadonlyMap<string, Feature> };

export const namedCatalogue = ({ plans, features }: Pick<CatalogueFacts, "plans" | "features">): NamedCatalogue => ({
  plans: new Map(plans.map((p) => [p.key, p])),
  features: new Map(features.map((f) => [f.key, f])),
});

type Set = TenantChange["set"];
type Context = { problems: Problems; catalogue: NamedCatalogue; at: Instant; name: string };

/** Fields that are reverted in parts, or never. */
const notWhole = new Set(["revision", "key", "createdAt", "grants", "addOns", "metadata", "scheduled"]);

const fieldWords: Readonly<Record<string, string>> = {
  name: "the name",
  plan: "the plan",
  status: "the status",
  usageAnchor: "the start of reset periods",
};

/**
 * The inverse of one change of a tenant, field by field: what is still as the change left it goes back to what it was.
 * A field that differs is a problem. Add-ons, metadata and grants are reverted one by one.
 */
export function revertTenant(
  now: TenantFacts | null,
  past: PastChange<TenantFacts, TenantFacts | null>,
  { catalogue, stamp, action, why }: TenantRevertOptions,
): Reverted<TenantChange> {
  const problems = createProblems();
  const { before, after, at } = past;
  if (now === null) {
    problems.refuse("", `There is no tenant ${after.key} any more.`);
    return { change: null, problems: problems.problems };
  }
  const context: Context = { problems, catalogue, at, name: now.name };
  const change = { action: action as TenantAction, key: now.key, at: stamp.now, why };
  if (before === null) {
    const set = revertCreation(now, after, stamp.now, problems);
    return { change: set && { ...change, set, grants: [] }, problems: problems.problems };
  }
  const set: Set = {
    ...revertFields(now, before, after, context),
    ...revertAddOns(now, before, after, context),
    ...revertMetadata(now, before, after, context),
    ...revertScheduled(now, before, after, { problems, catalogue, now: stamp.now }),
  };
  const grants = revertGrants(
    now,
    { before, after, at },
    {
      features: catalogue.features,
      stamp,
      status: set.status ?? now.status,
      wasArchived: after.status === "archived",
      at,
      problems,
    },
  );
  return { change: withFollowing(now, { ...change, set, grants }), problems: problems.problems };
}

/** Tenants are not deleted: one that was created is archived and leaves its plan, unless it was changed since. */
function revertCreation(now: TenantFacts, after: TenantFacts, at: Instant, problems: Problems): Set | null {
  if (now.status === "archived" && after.status !== "archived") {
    problems.settle("status", `${now.name} is archived already.`);
    return null;
  }
  const relevant = (facts: TenantFacts) => ({ ...facts, revision: 0, grants: facts.grants.filter((g) => !isOver(g, at)) });
  if (!sameJson(relevant(now) as unknown as Json, relevant(after) as unknown as Json)) {
    problems.refuseChanged("", `${now.name} was changed since it was created`);
    return null;
  }
  return { status: "archived", ...(now.plan === null ? {} : { plan: null }), ...(now.addOns.length === 0 ? {} : { addOns: [] }) };
}

function revertFields(now: TenantFacts, before: TenantFacts, after: TenantFacts, context: Context): Set {
  const set: { [field: string]: unknown } = {};
  const of = (facts: TenantFacts, field: string) => ((facts as { [field: string]: unknown })[field] ?? null) as Json;
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (notWhole.has(field)) continue;
    const [was, became, is] = [of(before, field), of(after, field), of(now, field)];
    if (sameJson(was, became)) continue;
    const words = `${fieldWords[field] ?? `the field ${field}`} of ${now.name}`;
    if (sameJson(is, was)) context.problems.settle(field, `${capital(words)} is back already.`);
    else if (!sameJson(is, became)) context.problems.refuseChanged(field, `${capital(words)} was changed since`);
    else if (field !== "plan" || canGive(was as string | null, "base", field, context))
      set[field] = (before as { [field: string]: unknown })[field];
  }
  return set as Set;
}

/** False, with the problem, if the plan is gone or was archived since. */
function canGive(key: string | null, kind: Plan["kind"], field: string, { catalogue, problems, at, name }: Context): boolean {
  if (key === null) return true;
  const plan = catalogue.plans.get(key);
  const what = kind === "base" ? "plan" : "add-on";
  if (!plan || plan.kind !== kind) {
    problems.refuse(field, `${name} cannot get the ${what} ${key} back, because it was deleted since.`);
    return false;
  }
  if (!isArchivedSince(plan, at)) return true;
  const date = longDate(plan.archivedAt as Instant);
  problems.refuse(field, `${name} cannot get ${plan.name} back, because it was archived on ${date}. Restore it first.`);
  return false;
}

function revertAddOns(now: TenantFacts, before: TenantFacts, after: TenantFacts, context: Context): Set {
  const of = ({ addOns }: TenantFacts) => new Map(addOns.map((a) => [a.plan, a.addedAt]));
  const [had, got, has] = [of(before), of(after), of(now)];
  const next = new Map(has);
  const nameOf = (key: string) => context.catalogue.plans.get(key)?.name ?? key;
  for (const key of new Set([...had.keys(), ...got.keys()])) {
    const [was, became, is] = [had.get(key), got.get(key), has.get(key)];
    const field = `addOns/${key}`;
    if (was === became) continue;
    if (is === was) context.problems.settle(field, `The add-on ${nameOf(key)} of ${now.name} is as it was already.`);
    else if (is !== became) context.problems.refuseChanged(field, `The add-on ${nameOf(key)} of ${now.name} was changed since`);
    else if (was === undefined) next.delete(key);
    else if (canGive(key, "add_on", field, context)) next.set(key, was);
  }
  const addOns = [...next].map(([plan, addedAt]) => ({ plan, addedAt })).sort((a, b) => a.addedAt - b.addedAt);
  const isSame = addOns.length === now.addOns.length && addOns.every(({ plan, addedAt }) => has.get(plan) === addedAt);
  return isSame ? {} : { addOns };
}

function revertMetadata(now: TenantFacts, before: TenantFacts, after: TenantFacts, { problems }: Context): Set {
  const of = ({ metadata }: TenantFacts) => new Map(Object.entries(metadata));
  const [had, got, has] = [of(before), of(after), of(now)];
  const next = new Map(has);
  let isChanged = false;
  for (const key of new Set([...had.keys(), ...got.keys()])) {
    const [was, became, is] = [had.get(key), got.get(key), has.get(key)];
    const words = `Metadata ${key} of ${now.name}`;
    if (sameJson(was, became)) continue;
    if (sameJson(is, was)) problems.settle(`metadata/${key}`, `${words} is as it was already.`);
    else if (!sameJson(is, became)) problems.refuseChanged(`metadata/${key}`, `${words} was changed since`);
    else {
      isChanged = true;
      if (was === undefined) next.delete(key);
      else next.set(key, was);
    }
  }
  return isChanged ? { metadata: Object.fromEntries(next) } : {};
}
