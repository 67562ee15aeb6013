import { matrixCell } from "~/core/matrix/matrix-cell";
import type { Feature } from "~/core/model";
import { maxMatrixColumns, readMatrixQuery } from "~/forms/matrix/matrix-query";
import { cursorOf } from "~/forms/pagination";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { decideWindow } from "~/server/facts/window-decisions.server";
import type { Services } from "~/server/services.server";
import { tenantChoices } from "~/server/tenants/tenant-choices.server";
import { matchingTenantsAfter } from "~/server/tenants/tenant-matches.server";
import { findColumn, matrixColumns } from "./matrix-columns.server";

/** Cells of one window, in which a page with 30 columns stays under 150 kB. */
const maxCells = 480;
const maxRows = 50;

/** One window of tenants × features. */
export async function matrixPage(services: Services, params: URLSearchParams) {
  await services.facts.look();
  const catalogue = services.facts.catalogue();
  const query = readMatrixQuery(params);
  // `feature` names columns here, so it is no filter.
  const { feature: _, ...filter } = readTenantListQuery(params).filter;
  const { features, from, gone } = await matrixColumns(services, catalogue, query);
  const size = Math.min(maxRows, Math.floor(maxCells / Math.max(1, features.length)));
  const after = query.after && { searchText: query.after[0], key: query.after[1] };
  const matching = features.length === 0 ? { rows: [], next: null } : await matchingTenantsAfter(services, filter, { after, size });
  const keys = matching.rows.map(({ key }) => key);
  const { next } = matching;
  const found = query.add === "" ? null : findColumn(catalogue, query.add);
  const columnKeys = features.map(({ key }) => key);
  return {
    columns: features.map(({ key, name, type }) => ({ key, name, type })),
    rows: await matrixRows(services, keys, features),
    next: next && cursorOf(next.searchText, next.key),
    ...{ from, gone, isCut: query.columns.length > maxMatrixColumns },
    of: query.of === "" ? null : { key: query.of, name: catalogue.plans.get(query.of)?.name ?? null },
    /** Columns with the feature that was asked for, if there is exactly one. */
    added: found && "feature" in found ? [...new Set([...columnKeys, found.feature.key])] : null,
    toAdd: found && "near" in found ? { text: query.add, near: found.near.map(({ key, name }) => ({ key, name })) } : null,
    choices: await tenantChoices(services, filter),
  };
}

/** Cells as text, see `matrixCell`. */
async function matrixRows(services: Services, keys: string[], features: readonly Feature[]) {
  const catalogue = services.facts.catalogue();
  const decided = await decideWindow(services, keys, features);
  return keys.flatMap((key) => {
    const found = decided.get(key);
    if (!found) return [];
    const { facts, decisions } = found;
    const plan = facts.plan === null ? null : (catalogue.plans.get(facts.plan)?.name ?? facts.plan);
    return [{ key, name: facts.name, plan, cells: decisions.map((decision, i) => matrixCell(decision, features[i] as Feature)) }];
  });
}
