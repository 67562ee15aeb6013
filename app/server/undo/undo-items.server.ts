import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import { tenantDifference } from "~/core/decision/difference";
import type { CatalogueFacts, Grant, Json } from "~/core/model";
import type { UndoProblem } from "~/core/undo/reverted";
import type { UndonePart, UndoneTenant } from "~/core/undo/undo-change-set";
import { shortHash } from "~/server/random.server";

/** What an undo does to one tenant or to the catalogue, and what stays. `tenant` is null for the catalogue. */
export type UndoItem = { tenant: string | null; name: string; before: Json; after: Json; problems: UndoProblem[]; changes: boolean };

export function itemsOf({ catalogue, tenants }: UndonePart, current: CatalogueFacts): UndoItem[] {
  const items = tenants.map(tenantItem);
  if (!catalogue) return items;
  const { change, problems } = catalogue;
  const after = change ? applyCatalogueChange(current, change, current.revision) : current;
  const [features, plans] = [
    new Set((change?.features ?? []).map((f) => f.key)),
    new Set([...(change?.plans ?? []).map((p) => p.key), ...(change?.removedPlans ?? [])]),
  ];
  const of = (facts: CatalogueFacts) =>
    ({
      features: facts.features.filter((f) => features.has(f.key)),
      plans: facts.plans.filter((p) => plans.has(p.key)),
    }) as unknown as Json;
  return [
    { tenant: null, name: "Catalogue", before: change && of(current), after: change && of(after), problems, changes: change !== null },
    ...items,
  ];
}

function tenantItem({ key, before, change, problems }: UndoneTenant): UndoItem {
  const about = { tenant: key, name: before?.name ?? key, problems };
  if (!before || !change) return { ...about, before: null, after: null, changes: false };
  const difference = tenantDifference(before, applyChange(before, change, before.revision), change);
  return { ...about, ...difference, changes: true };
}

/** Equal for equal effects, whenever it is computed: ids and instants of new rows do not count. */
export function undoDigest({ catalogue, tenants }: UndonePart): string {
  const grant = ({ feature, kind, endsAt, endedAt, restores }: Grant) => [feature, kind, endsAt, endedAt !== null, restores ?? null];
  const problem = ({ field, kind }: UndoProblem) => [field, kind];
  const archived = (list: readonly { archivedAt: number | null }[] = []) =>
    list.map((one) => ({ ...one, archivedAt: one.archivedAt !== null, revision: 0 }));
  const { change } = catalogue ?? {};
  // What follows grants is given by them, whose ids are new.
  const fields = (set: TenantChange["set"] = {}) =>
    set.scheduled ? { ...set, scheduled: set.scheduled.map((entry) => ({ ...entry, follows: entry.follows?.length })) } : set;
  return shortHash(
    JSON.stringify([
      change && [archived(change.features), archived(change.plans), change.removedPlans],
      catalogue?.problems.map(problem),
      tenants.map((t) => [t.key, fields(t.change?.set), t.change?.grants.map(grant), t.problems.map(problem)]),
    ]),
  );
}
