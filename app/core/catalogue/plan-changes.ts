import type { CatalogueFacts, Plan, PlanKind, Stamp } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { listWords } from "~/core/text";
import { planChain } from "./catalogue";
import { type CatalogueChange, catalogueChange, staleProblem } from "./catalogue-changes";
import { catalogueKeyProblem } from "./feature-changes";
import { nameProblem } from "./new-names";

/** Omitted means unchanged; null means cleared. The name defaults to the key. */
export type PlanForm = {
  name?: string | null;
  description?: string | null;
  /** Defaults to last for a new plan. */
  rank?: number;
  includes?: string | null;
  why?: string | null;
};

export function createPlan(
  facts: CatalogueFacts,
  key: string,
  form: PlanForm & { kind: PlanKind },
  stamp: Stamp,
): Outcome<CatalogueChange> {
  const bad = catalogueKeyProblem(key) ?? nameProblem("name", form.name, undefined);
  if (bad) return bad;
  const other = facts.plans.find((p) => p.key === key);
  if (other) {
    const what = other.kind === "base" ? "a plan" : "an add-on";
    const way = other.archivedAt === null ? "Choose another key" : "It is archived: restore it, or choose another key";
    return refuse("plan_exists", `There is ${what} ${key} already (${other.name}). ${way}.`, "key");
  }
  const rank = form.rank ?? Math.max(0, ...facts.plans.map((p) => p.rank)) + 1;
  const plan: Plan = {
    key,
    name: form.name ?? key,
    description: form.description ?? null,
    kind: form.kind,
    rank,
    includes: form.includes ?? null,
    entries: [],
    archivedAt: null,
    revision: 0,
  };
  const badInclude = includeProblem(facts, plan, null);
  if (badInclude) return badInclude;
  return { ok: true, change: catalogueChange("plan.created", { plans: [plan] }, stamp, form.why) };
}

export function updatePlan(
  facts: CatalogueFacts,
  key: string,
  form: PlanForm & { kind?: PlanKind },
  stamp: Stamp,
  expected?: number,
): Outcome<CatalogueChange> {
  const before = find(facts, key);
  if ("ok" in before) return before;
  const bad = staleProblem(before, expected) ?? kindProblem(before, form.kind) ?? nameProblem("name", form.name, before.name);
  if (bad) return bad;
  const after: Plan = {
    ...before,
    name: form.name === undefined ? before.name : (form.name ?? key),
    description: form.description === undefined ? before.description : form.description,
    rank: form.rank ?? before.rank,
    includes: form.includes === undefined ? before.includes : form.includes,
  };
  const badInclude = includeProblem(facts, after, before.includes);
  if (badInclude) return badInclude;
  if (sameJson(before, after)) return { ok: true, change: null };
  return { ok: true, change: catalogueChange("plan.updated", { plans: [after] }, stamp, form.why) };
}

/** Tenants and plans that have it keep it; it cannot be newly given. */
export function archivePlan(facts: CatalogueFacts, key: string, stamp: Stamp, why?: string | null): Outcome<CatalogueChange> {
  const plan = find(facts, key);
  if ("ok" in plan) return plan;
  if (plan.archivedAt !== null) return { ok: true, change: null };
  return { ok: true, change: catalogueChange("plan.archived", { plans: [{ ...plan, archivedAt: stamp.now }] }, stamp, why) };
}

export function restorePlan(facts: CatalogueFacts, key: string, stamp: Stamp, why?: string | null): Outcome<CatalogueChange> {
  const plan = find(facts, key);
  if ("ok" in plan) return plan;
  if (plan.archivedAt === null) return { ok: true, change: null };
  return { ok: true, change: catalogueChange("plan.restored", { plans: [{ ...plan, archivedAt: null }] }, stamp, why) };
}

/** Tenants of any status with a plan as plan or add-on, and those that a scheduled change gives it. */
export type PlanHolders = { having: number; scheduled: number };

export function deletePlan(
  facts: CatalogueFacts,
  key: string,
  { having: tenantsHaving, scheduled }: PlanHolders,
  stamp: Stamp,
  why?: string | null,
): Outcome<CatalogueChange> {
  const plan = find(facts, key);
  if ("ok" in plan) return plan;
  const archive = plan.archivedAt === null ? ", or archive it" : "";
  if (tenantsHaving > 0) {
    const [who, them] = tenantsHaving === 1 ? ["1 tenant has", "that tenant"] : [`${tenantsHaving} tenants have`, "them"];
    const move = plan.kind === "base" ? `Move ${them} to another plan first` : `Take it from ${them} first`;
    return refuse("plan_in_use", `${who} ${plan.name}, so it cannot be deleted. ${move}${archive}.`);
  }
  if (scheduled > 0) {
    const who = scheduled === 1 ? "1 tenant is" : `${scheduled} tenants are`;
    return refuse("plan_in_use", `${who} scheduled to get ${plan.name}, so it cannot be deleted. Cancel these changes first${archive}.`);
  }
  const including = facts.plans.filter((p) => p.includes === key).map((p) => p.name);
  if (including.length > 0) {
    const verb = including.length === 1 ? "includes" : "include";
    const message = `${listWords(including)} ${verb} ${plan.name}, so it cannot be deleted. Change what they include first${archive}.`;
    return refuse("plan_in_use", message);
  }
  return { ok: true, change: catalogueChange("plan.deleted", { removedPlans: [key] }, stamp, why) };
}

export function kindProblem(before: Plan, kind: PlanKind | undefined): Refusal | null {
  if (kind === undefined || kind === before.kind) return null;
  const [is, not] = before.kind === "base" ? ["a plan", "an add-on"] : ["an add-on", "a plan"];
  return refuse("plan_kind", `${before.name} is ${is} and cannot become ${not}. Create a new one instead.`, "kind");
}

/** Plans may include plans of the same kind without a cycle, and no newly archived ones. `held` is the current include. */
function includeProblem(facts: CatalogueFacts, plan: Plan, held: string | null): Refusal | null {
  if (plan.includes === null) return null;
  const included = facts.plans.find((p) => p.key === plan.includes) ?? (plan.includes === plan.key ? plan : undefined);
  if (!included) return refuse("plan_not_found", `There is no plan ${plan.includes}. Choose one that the catalogue has.`, "includes");
  if (included.kind !== plan.kind) {
    return refuse("plan_kind", "A plan can include only a plan, and an add-on only an add-on.", "includes");
  }
  const circle = includeCycle(new Map([...facts.plans, plan].map((p) => [p.key, p])), plan.key);
  if (circle) {
    return refuse("include_cycle", `Plans would include each other in a circle: ${circle}. Choose another plan to include.`, "includes");
  }
  if (included.archivedAt !== null && plan.includes !== held) {
    return refuse("plan_archived", `${included.name} is archived and cannot be newly included. Choose another plan.`, "includes");
  }
  return null;
}

/** "a → b → a" if the includes lead back to the plan, else null. */
export function includeCycle(plans: ReadonlyMap<string, Plan>, key: string): string | null {
  const chain = planChain(plans, key);
  if (chain[chain.length - 1]?.includes !== key) return null;
  return [...chain.map((p) => p.key), key].join(" → ");
}

function find(facts: CatalogueFacts, key: string): Plan | Refusal {
  const plan = facts.plans.find((p) => p.key === key);
  return plan ?? refuse("plan_not_found", `There is no plan ${key}. It may have been deleted.`, "plan");
}
