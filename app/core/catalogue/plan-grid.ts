import type { FeatureType, Plan, PlanKind } from "~/core/model";
import { shorten } from "~/core/text";
import type { Catalogue, Inherited } from "./catalogue";
import { describeValue } from "./catalogue-words";
import { byGroup, byName, type FeatureFilter, findFeatures } from "./feature-list";

export type GridColumn = { key: string; name: string; kind: PlanKind; includes: string | null };
/**
 * A plan's value of a feature. `from` is the plan it is inherited from, or null for its own entry. `changed`: a draft
 * changes the cell; its text is then null if nothing is given.
 */
export type GridCell = { text: string; from: string | null; changed?: true } | { text: null; changed: true } | null;
export type GridRow = { key: string; name: string; type: FeatureType; cells: GridCell[] };
export type GridSection = { group: string | null; rows: GridRow[] };
/** What a plan gives of a feature. */
export type GivenIn = (plan: string, feature: string) => Inherited | undefined;
/** A draft's edits: which cells it has, as "plan feature", and what plans give with it. */
export type GridDraft = { changed: ReadonlySet<string>; given: GivenIn };
/** Pages start at 1. */
export type GridWindow = { page: number; columnPage: number };
export type PlanGridData = {
  columns: GridColumn[];
  sections: GridSection[];
  /** Features matching the filter, on all pages. */
  shown: number;
  total: number;
  /** Plans and add-ons on all pages. */
  plans: number;
  window: GridWindow & { pageSize: number };
};

/** Columns per page. */
export const maxColumns = 12;
/** Cells per page, with which it stays under 150 kB. */
export const maxCells = 300;
/** Max characters of a value in a cell. */
const maxText = 60;

/** Plans by rank, then add-ons by rank. */
export function gridPlans(catalogue: Catalogue, archived = false): Plan[] {
  const plans = [...catalogue.plans.values()].filter((p) => (p.archivedAt !== null) === archived);
  return [...plans.filter((p) => p.kind === "base"), ...plans.filter((p) => p.kind === "add_on")];
}

/**
 * One page of active features by active plans, in sections by group. Past the end it is the last page. With a draft, as
 * it would be.
 */
export function planGrid(
  catalogue: Catalogue,
  filter: Omit<FeatureFilter, "archived">,
  asked: GridWindow = { page: 1, columnPage: 1 },
  draft?: GridDraft,
): PlanGridData {
  const all = gridPlans(catalogue);
  const columns = pageOf(all, asked.columnPage, maxColumns);
  const pageSize = Math.floor(maxCells / Math.max(6, Math.min(maxColumns, all.length)));
  const nameOf = (key: string) => catalogue.plans.get(key)?.name ?? key;
  const found = findFeatures(catalogue, { ...filter, archived: false }).sort((a, b) => byGroup(a.group, b.group) || byName(a, b));
  const rows = pageOf(found, asked.page, pageSize);
  const sections: GridSection[] = [];
  for (const feature of rows.items) {
    const cells = columns.items.map((plan): GridCell => {
      const given = draft ? draft.given(plan.key, feature.key) : catalogue.gives.get(plan.key)?.get(feature.key);
      const isChanged = draft?.changed.has(`${plan.key} ${feature.key}`) ?? false;
      if (!given) return isChanged ? { text: null, changed: true } : null;
      const text = shorten(describeValue(feature, given.value), maxText);
      return { text, from: given.from === plan.key ? null : nameOf(given.from), ...(isChanged ? { changed: true as const } : {}) };
    });
    const row: GridRow = { key: feature.key, name: feature.name, type: feature.type, cells };
    const section = sections.at(-1);
    if (section && section.group === feature.group) section.rows.push(row);
    else sections.push({ group: feature.group, rows: [row] });
  }
  return {
    columns: columns.items.map(({ key, name, kind, includes }) => ({
      key,
      name,
      kind,
      includes: includes === null ? null : nameOf(includes),
    })),
    sections,
    shown: found.length,
    total: [...catalogue.features.values()].filter((f) => f.archivedAt === null).length,
    plans: all.length,
    window: { page: rows.page, columnPage: columns.page, pageSize },
  };
}

function pageOf<T>(list: readonly T[], asked: number, size: number): { items: T[]; page: number } {
  const page = Math.max(1, Math.min(asked, Math.ceil(list.length / size)));
  return { items: list.slice((page - 1) * size, page * size), page };
}
