import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import type { CatalogueFacts, Stamp, TenantFacts } from "~/core/model";
import { createdIn, revertCatalogue, type UseOfCatalogue } from "./revert-catalogue";
import { type NamedCatalogue, namedCatalogue, revertTenant } from "./revert-tenant";
import { type PastChange, type UndoProblem, undoActionOf } from "./reverted";

type Entry = { seq: number; action: string };
/** An entry of the audit log with the documents around it. */
export type PastEntry =
  | (Entry & { kind: "tenant"; key: string; past: PastChange<TenantFacts, TenantFacts | null> })
  | (Entry & { kind: "catalogue"; past: PastChange<CatalogueFacts> });

export type UndoState = { catalogue: CatalogueFacts; tenants: ReadonlyMap<string, TenantFacts | null> };

/** Use of what the entries created, before this undo. `grants`: ids by feature, of those that are not over. */
export type CatalogueUse = { tenants: ReadonlyMap<string, number>; grants: ReadonlyMap<string, readonly string[]> };

export type UndoneTenant = { key: string; before: TenantFacts | null; change: TenantChange | null; problems: UndoProblem[] };
export type UndonePart = {
  catalogue: { change: CatalogueChange | null; problems: UndoProblem[] } | null;
  tenants: UndoneTenant[];
};

export type HowToUndo = { stamp: Stamp; why: string };

/** Features and plans that the entries created. */
export function createdByEntries(entries: readonly PastEntry[]) {
  const created = entries.map((entry) => (entry.kind === "catalogue" ? createdIn(entry.past) : { features: [], plans: [] }));
  return { features: created.flatMap((c) => c.features), plans: created.flatMap((c) => c.plans) };
}

/** Undoes entries of one change set, the newest first. The result is written as one. */
export function undoEntries(now: UndoState, entries: readonly PastEntry[], use: CatalogueUse, { stamp, why }: HowToUndo): UndonePart {
  const newestFirst = [...entries].sort((a, b) => b.seq - a.seq);
  // Whether what was created can go depends on the tenants, and they on the catalogue as it will be.
  const assumed = revertCatalogues(now.catalogue, newestFirst, { tenantsHaving: () => 0, hasGrants: () => false }, stamp, why);
  const tenantsOn = (catalogue: CatalogueFacts) => undoTenants(now.tenants, newestFirst, namedCatalogue(catalogue), { stamp, why });
  const moved = tenantsOn(assumed?.after ?? now.catalogue);
  const catalogue = assumed && revertCatalogues(now.catalogue, newestFirst, remainingUse(moved, use), stamp, why);
  const tenants = catalogue ? tenantsOn(catalogue.after) : moved;
  return { catalogue: catalogue && { change: catalogue.change, problems: catalogue.problems }, tenants };
}

/**
 * Undoes the catalogue's entries alone. A job does so before its tenants, so that they find what they had, and after
 * them, so that what nothing uses any more can go. Null if there is no such entry.
 */
export const undoCatalogue = (now: CatalogueFacts, newestFirst: readonly PastEntry[], use: CatalogueUse, { stamp, why }: HowToUndo) =>
  revertCatalogues(now, newestFirst, remainingUse([], use), stamp, why);

function revertCatalogues(now: CatalogueFacts, entries: readonly PastEntry[], use: UseOfCatalogue, stamp: Stamp, why: string) {
  const problems: UndoProblem[] = [];
  let after = now;
  let change: CatalogueChange | null = null;
  let found = false;
  for (const entry of entries) {
    if (entry.kind !== "catalogue") continue;
    found = true;
    const reverted = revertCatalogue(after, entry.past, use, { stamp, action: undoActionOf(entry.action), why });
    problems.push(...reverted.problems);
    if (!reverted.change) continue;
    after = applyCatalogueChange(after, reverted.change, after.revision);
    change = change ? mergeCatalogueChanges(change, reverted.change) : reverted.change;
  }
  return found ? { after, change, problems } : null;
}

function mergeCatalogueChanges(first: CatalogueChange, second: CatalogueChange): CatalogueChange {
  const put = <T extends { key: string }>(a: readonly T[], b: readonly T[]) => [
    ...new Map([...a, ...b].map((one) => [one.key, one])).values(),
  ];
  const removedPlans = [
    ...new Set([...first.removedPlans.filter((key) => !second.plans.some((p) => p.key === key)), ...second.removedPlans]),
  ];
  const plans = put(first.plans, second.plans).filter((p) => !removedPlans.includes(p.key));
  return { ...second, features: put(first.features, second.features), plans, removedPlans };
}

/** Undoes the entries of some tenants. `catalogue` is the one after this undo. */
export function undoTenants(
  tenants: UndoState["tenants"],
  newestFirst: readonly PastEntry[],
  catalogue: NamedCatalogue,
  { stamp, why }: HowToUndo,
): UndoneTenant[] {
  const undone = new Map<string, UndoneTenant & { after: TenantFacts | null }>();
  for (const entry of newestFirst) {
    if (entry.kind !== "tenant") continue;
    const before = tenants.get(entry.key) ?? null;
    const one = undone.get(entry.key) ?? { key: entry.key, before, change: null, problems: [], after: before };
    const options = { stamp, action: undoActionOf(entry.action), why, catalogue };
    const { change, problems } = revertTenant(one.after, entry.past, options);
    const merged = change && one.change ? mergeTenantChanges(one.change, change) : (change ?? one.change);
    const after = change && one.after ? applyChange(one.after, change, one.after.revision) : one.after;
    undone.set(entry.key, { ...one, change: merged, problems: [...one.problems, ...problems], after });
  }
  return [...undone.values()].map(({ after: _, ...one }) => one).reverse();
}

function mergeTenantChanges(first: TenantChange, second: TenantChange): TenantChange {
  const grants = [...new Map([...first.grants, ...second.grants].map((g) => [g.id, g])).values()];
  return { ...second, set: { ...first.set, ...second.set }, grants };
}

/** Use of what was created after the tenants went back. */
function remainingUse(tenants: readonly UndoneTenant[], use: CatalogueUse): UseOfCatalogue {
  const counts = new Map(use.tenants);
  const add = (plan: string | null | undefined, n: number) => {
    if (plan != null && counts.has(plan)) counts.set(plan, (counts.get(plan) ?? 0) + n);
  };
  const ended = new Set<string>();
  for (const { before, change } of tenants) {
    for (const grant of change?.grants ?? []) if (grant.endedAt !== null) ended.add(grant.id);
    if (!before || !change) continue;
    if (change.set.plan !== undefined) add(before.plan, -1);
    add(change.set.plan, 1);
    for (const { plan } of change.set.addOns ? before.addOns : []) add(plan, -1);
    for (const { plan } of change.set.addOns ?? []) add(plan, 1);
  }
  return {
    tenantsHaving: (plan) => counts.get(plan) ?? 0,
    hasGrants: (feature) => (use.grants.get(feature) ?? []).some((id) => !ended.has(id)),
  };
}
