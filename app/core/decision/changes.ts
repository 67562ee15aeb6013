import type { Catalogue } from "~/core/catalogue/catalogue";
import { nameProblem, newTenantKeyProblem } from "~/core/catalogue/new-names";
import type { Included } from "~/core/grants/already-included";
import type { SkippedFeature } from "~/core/grants/bundles";
import { isOver } from "~/core/grants/grant-lifetime";
import type { Grant, Instant, Json, Stamp, TenantFacts, TenantStatus } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import type { Undone } from "~/core/undo/reverted";

type TenantAct =
  | "tenant.created"
  | "tenant.updated"
  | "tenant.plan_changed"
  | "tenant.suspended"
  | "tenant.reinstated"
  | "tenant.archived"
  | "tenant.change_scheduled"
  | "tenant.scheduled_change_moved"
  | "tenant.scheduled_change_cancelled"
  | "tenant.scheduled_change_applied"
  | "tenant.scheduled_change_refused"
  | "trial.granted"
  | "trial.extended"
  | "trial.ended"
  | "trial.converted"
  | "override.set"
  | "override.extended"
  | "override.ended";
export type TenantAction = TenantAct | Undone<TenantAct>;

type TenantFields = Pick<TenantFacts, "name" | "status" | "plan" | "addOns" | "metadata" | "usageAnchor">;

/** A change of one tenant: fields to set, and grants that are new or ended. */
export type TenantChange = {
  action: TenantAction;
  key: string;
  set: Partial<TenantFields> & Pick<TenantFacts, "scheduled"> & { createdAt?: Instant };
  grants: Grant[];
  at: Instant;
  why: string | null;
  /** Guard rails that it passes, in words. Absent if none. */
  railsPassed?: string[];
  /** Trials that it grants although a plan or an add-on gives as much. Absent if none. */
  alreadyIncluded?: Included[];
  /** Features of the plan that a bundle leaves out. Absent unless it grants one. */
  skipped?: SkippedFeature[];
};

/** Applies a change. Grants that are over at its instant leave the facts; their rows and history stay. */
export function applyChange(facts: TenantFacts | null, change: TenantChange, revision: number): TenantFacts {
  const before = facts ?? newTenant(change.key, change.at);
  const touched = new Map(change.grants.map((g) => [g.id, g]));
  const kept = before.grants.map((g) => touched.get(g.id) ?? g);
  const added = change.grants.filter((g) => !before.grants.some((old) => old.id === g.id));
  const grants = [...kept, ...added].filter((g) => !isOver(g, change.at));
  const { scheduled, ...after } = { ...before, ...change.set, grants, revision };
  return scheduled && scheduled.length > 0 ? { ...after, scheduled } : after;
}

function newTenant(key: string, createdAt: Instant): TenantFacts {
  return { revision: 0, key, name: key, status: "active", plan: null, addOns: [], metadata: {}, createdAt, grants: [] };
}

/** Omitted means unchanged; null means cleared. */
export type TenantForm = {
  name?: string | null;
  plan?: string | null;
  addOns?: string[] | null;
  status?: TenantStatus | null;
  metadata?: { [key: string]: Json } | null;
  usageAnchor?: Instant | null;
  why?: string | null;
};

/** A refusal if the tenant was changed concurrently. `expected` is the revision the editor saw. */
export function staleTenant({ name, revision }: Pick<TenantFacts, "name" | "revision">, expected: number): Refusal | null {
  if (revision === expected) return null;
  return refuse("stale", `${name} was changed while you were editing. Look at the values below, then save again.`);
}

export function putTenant(
  facts: TenantFacts | null,
  key: string,
  form: TenantForm,
  catalogue: Catalogue,
  stamp: Stamp,
): Outcome<TenantChange> {
  const before = facts ?? newTenant(key, stamp.now);
  const bad =
    (facts ? null : newTenantKeyProblem(key)) ??
    nameProblem("name", form.name, facts?.name) ??
    planProblem(form.plan, before.plan, catalogue) ??
    addOnProblem(form.addOns, before, catalogue);
  if (bad) return bad;

  const wanted: TenantFields = {
    name: form.name === undefined ? before.name : (form.name ?? key),
    status: form.status === undefined ? before.status : (form.status ?? "active"),
    plan: form.plan === undefined ? before.plan : form.plan,
    addOns: form.addOns === undefined ? before.addOns : mergeAddOns(before, form.addOns ?? [], stamp.now),
    metadata: form.metadata === undefined ? before.metadata : (form.metadata ?? {}),
    ...(form.usageAnchor === undefined ? {} : { usageAnchor: form.usageAnchor }),
  };
  const set = changedFields(before, wanted);
  const change = { key, grants: [], at: stamp.now, why: form.why ?? null };
  if (!facts) return { ok: true, change: { ...change, action: "tenant.created", set: { ...wanted, createdAt: stamp.now } } };
  if (Object.keys(set).length === 0) return { ok: true, change: null };
  return { ok: true, change: { ...change, action: actionFor(set), set } };
}

function changedFields(before: TenantFields, wanted: TenantFields): Partial<TenantFields> {
  const set: Partial<TenantFields> = {};
  const put = <K extends keyof TenantFields>(field: K) => {
    // jsonb does not keep key order, so order is not a difference.
    if (!sameJson(before[field], wanted[field])) set[field] = wanted[field];
  };
  for (const field of ["name", "status", "plan", "addOns", "metadata"] as const) put(field);
  if (wanted.usageAnchor !== undefined && wanted.usageAnchor !== (before.usageAnchor ?? null)) set.usageAnchor = wanted.usageAnchor;
  return set;
}

function actionFor(set: Partial<TenantFields>): TenantAction {
  const fields = Object.keys(set);
  if (fields.every((f) => f === "plan" || f === "addOns")) return "tenant.plan_changed";
  if (set.status === undefined || fields.length > 1) return "tenant.updated";
  return set.status === "active" ? "tenant.reinstated" : `tenant.${set.status}`;
}

function mergeAddOns(before: TenantFacts, keys: string[], now: Instant): TenantFacts["addOns"] {
  const wanted = new Set(keys);
  const kept = before.addOns.filter((a) => wanted.delete(a.plan));
  return [...kept, ...[...wanted].map((plan) => ({ plan, addedAt: now }))];
}

export function planProblem(key: string | null | undefined, held: string | null, catalogue: Catalogue): Refusal | null {
  if (key === undefined || key === null) return null;
  const plan = catalogue.plans.get(key);
  if (!plan) return refuse("plan_not_found", `There is no plan ${key}. Choose one that the catalogue has.`, "plan");
  if (plan.kind !== "base") return refuse("plan_kind", `${plan.name} is an add-on. Give it as an add-on, not as the plan.`, "plan");
  if (plan.archivedAt !== null && key !== held) {
    return refuse("plan_archived", `${plan.name} is archived and cannot be newly given. Choose another plan.`, "plan");
  }
  return null;
}

export function addOnProblem(keys: string[] | null | undefined, before: Pick<TenantFacts, "addOns">, catalogue: Catalogue): Refusal | null {
  for (const key of keys ?? []) {
    const plan = catalogue.plans.get(key);
    if (!plan) return refuse("plan_not_found", `There is no add-on ${key}. Choose one that the catalogue has.`, "addOns");
    if (plan.kind !== "add_on") return refuse("plan_kind", `${plan.name} is a plan, not an add-on. Give it as the plan.`, "addOns");
    if (plan.archivedAt !== null && !before.addOns.some((a) => a.plan === key)) {
      return refuse("plan_archived", `${plan.name} is archived and cannot be newly given. Choose another add-on.`, "addOns");
    }
  }
  return null;
}
