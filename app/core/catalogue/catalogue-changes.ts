import { valueProblem } from "~/core/decision/values";
import type { CatalogueFacts, Feature, Instant, Plan, Stamp, Value } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { listWords } from "~/core/text";
import type { Undone } from "~/core/undo/reverted";
import { describeValue } from "./catalogue-words";

type CatalogueAct =
  | "feature.created"
  | "feature.updated"
  | "feature.archived"
  | "feature.restored"
  | "plan.created"
  | "plan.updated"
  | "plan.archived"
  | "plan.restored"
  | "plan.deleted"
  | "plan.entries_changed"
  | "catalogue.imported";
export type CatalogueAction = CatalogueAct | Undone<CatalogueAct>;

/** A change of the catalogue: the changed objects as they will be. Applying sets their revision. */
export type CatalogueChange = {
  action: CatalogueAction;
  features: Feature[];
  plans: Plan[];
  removedPlans: string[];
  at: Instant;
  why: string | null;
};

type Touched = Partial<Pick<CatalogueChange, "features" | "plans" | "removedPlans">>;

export function catalogueChange(action: CatalogueAction, touched: Touched, stamp: Stamp, why: string | null | undefined): CatalogueChange {
  return { action, features: [], plans: [], removedPlans: [], ...touched, at: stamp.now, why: why ?? null };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
export const byFeatureKey = (a: Feature, b: Feature) => order(a.key, b.key);
export const byRank = (a: Plan, b: Plan) => a.rank - b.rank || order(a.key, b.key);
const byEntry = (a: { feature: string }, b: { feature: string }) => order(a.feature, b.feature);

/** Applies a change, keeping the order that `CatalogueFacts` promises. */
export function applyCatalogueChange(facts: CatalogueFacts, change: CatalogueChange, revision: number): CatalogueFacts {
  const features = new Map(facts.features.map((f) => [f.key, f]));
  for (const feature of change.features) features.set(feature.key, { ...feature, revision });
  const plans = new Map(facts.plans.map((p) => [p.key, p]));
  for (const plan of change.plans) plans.set(plan.key, { ...plan, entries: [...plan.entries].sort(byEntry), revision });
  for (const key of change.removedPlans) plans.delete(key);
  return { revision, features: [...features.values()].sort(byFeatureKey), plans: [...plans.values()].sort(byRank) };
}

/** `expected` is the revision the editor saw. */
export function staleProblem(seen: { name: string; revision: number }, expected: number | undefined): Refusal | null {
  if (expected === undefined || expected === seen.revision) return null;
  return refuse("stale", `${seen.name} was changed while you were editing. Look at the values below, then save again.`);
}

/** `value` null removes the plan's own entry. `was` is the entry the editor saw, or null. */
export type Cell = { plan: string; feature: string; value: Value | null; was?: Value | null };

export function setPlanEntries(facts: CatalogueFacts, cells: Cell[], stamp: Stamp, why?: string | null): Outcome<CatalogueChange> {
  const features = new Map(facts.features.map((f) => [f.key, f]));
  const plans = new Map(facts.plans.map((p) => [p.key, p]));
  const entries = new Map<string, Map<string, Value>>();
  for (const cell of cells) {
    const plan = plans.get(cell.plan);
    if (!plan) return refuse("plan_not_found", `There is no plan ${cell.plan}. It may have been deleted.`, "plan");
    const own = entries.get(plan.key) ?? new Map(plan.entries.map((e) => [e.feature, e.value]));
    entries.set(plan.key, own);
    const bad = cellProblem(cell, plan, features.get(cell.feature), own);
    if (bad) return bad;
    if (cell.value === null) own.delete(cell.feature);
    else own.set(cell.feature, cell.value);
  }
  const changed: Plan[] = [];
  for (const [key, own] of entries) {
    const plan = plans.get(key) as Plan;
    const next = [...own].map(([feature, value]) => ({ feature, value })).sort(byEntry);
    if (!sameJson(next, plan.entries)) changed.push({ ...plan, entries: next });
  }
  if (changed.length === 0) return { ok: true, change: null };
  return { ok: true, change: catalogueChange("plan.entries_changed", { plans: changed }, stamp, why) };
}

function cellProblem(cell: Cell, plan: Plan, feature: Feature | undefined, own: Map<string, Value>): Refusal | null {
  if (!feature) return refuse("feature_not_found", `There is no feature ${cell.feature}. Choose one that the catalogue has.`, "feature");
  const now = own.get(feature.key) ?? null;
  if (cell.was !== undefined && !sameJson(cell.was, now)) {
    const value = now === null ? "has no entry of its own" : `is ${describeValue(feature, now)}`;
    const message = `${feature.name} in ${plan.name} was changed while you were editing: it now ${value}. Look at it, then save again.`;
    return refuse("stale", message, "value");
  }
  if (cell.value === null) return null;
  if (feature.archivedAt !== null) {
    return refuse("feature_archived", `${feature.name} is archived. Restore it before you put it in a plan.`, "feature");
  }
  const bad = valueProblem(feature, cell.value);
  return bad ? refuse("value_invalid", `${feature.name} in ${plan.name} ${bad}.`, "value") : null;
}

/** Plans whose own entry would not fit the changed feature. */
export function incompatibleEntries(plans: readonly Plan[], feature: Feature): { plan: Plan; value: Value }[] {
  const unfit: { plan: Plan; value: Value }[] = [];
  for (const plan of plans) {
    const entry = plan.entries.find((e) => e.feature === feature.key);
    if (entry && valueProblem(feature, entry.value) !== null) unfit.push({ plan, value: entry.value });
  }
  return unfit;
}

export const incompatibleMessage = (feature: Feature, unfit: { plan: Plan; value: Value }[]) =>
  listWords(unfit.map(({ plan, value }) => `${plan.name} (${describeValue(feature, value)})`));
