import type { Catalogue } from "./catalogue";
import { describeValue } from "./catalogue-words";
import { byGroup, byName, type FeatureFilter, findFeatures } from "./feature-list";
import type { FeatureType, Plan, PlanKind } from "./model";

export type GridColumn = { key: string; name: string; kind: PlanKind; includes: string | null };
/** What a plan gives of a feature; `from`: the name of the plan that it is inherited from, null for the plan's own entry. */
export type GridCell = { text: string; from: string | null } | null;
export type GridRow = { key: string; name: string; type: FeatureType; cells: GridCell[] };
export type GridSection = { group: string | null; rows: GridRow[] };
export type PlanGrid = { columns: GridColumn[]; sections: GridSection[]; shown: number; total: number };

/** Plans by rank, then add-ons by rank. */
export function gridPlans(catalogue: Catalogue, archived = false): Plan[] {
  const plans = [...catalogue.plans.values()].filter((p) => (p.archivedAt !== null) === archived);
  return [...plans.filter((p) => p.kind === "base"), ...plans.filter((p) => p.kind === "add_on")];
}

/** Features in use by plans in use, in sections by group. */
export function planGrid(catalogue: Catalogue, filter: Omit<FeatureFilter, "archived">): PlanGrid {
  const plans = gridPlans(catalogue);
  const nameOf = (key: string) => catalogue.plans.get(key)?.name ?? key;
  const sections = new Map<string | null, GridRow[]>();
  const found = findFeatures(catalogue, { ...filter, archived: false }).sort(byName);
  for (const feature of found) {
    const cells = plans.map((plan): GridCell => {
      const given = catalogue.gives.get(plan.key)?.get(feature.key);
      return given ? { text: describeValue(feature, given.value), from: given.from === plan.key ? null : nameOf(given.from) } : null;
    });
    const row: GridRow = { key: feature.key, name: feature.name, type: feature.type, cells };
    const rows = sections.get(feature.group);
    if (rows) rows.push(row);
    else sections.set(feature.group, [row]);
  }
  const total = [...catalogue.features.values()].filter((f) => f.archivedAt === null).length;
  return {
    columns: plans.map(({ key, name, kind, includes }) => ({ key, name, kind, includes: includes === null ? null : nameOf(includes) })),
    sections: [...sections].map(([group, rows]) => ({ group, rows })).sort((a, b) => byGroup(a.group, b.group)),
    shown: found.length,
    total,
  };
}
