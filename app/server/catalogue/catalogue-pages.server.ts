import type { Catalogue } from "~/core/catalogue/catalogue";
import { type FeatureFilter, type FeatureSort, featureRow, groupsOf, sortedFeatures } from "~/core/catalogue/feature-list";
import { type GridWindow, gridPlans, planGrid } from "~/core/catalogue/plan-grid";
import type { CatalogueFacts, Feature, Plan } from "~/core/model";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { tenantsHavingPlan } from "~db/store/tenant-list.server";

/** The cached catalogue, after changes of other processes were read. */
export async function catalogueNow({ facts }: Services): Promise<{ catalogue: Catalogue; facts: CatalogueFacts }> {
  await facts.look();
  return { catalogue: facts.catalogue(), facts: facts.catalogueFacts() };
}

/** Answers 503 instead of 404 while the cache is stale, because the object may exist in the database. */
function noSuch({ facts }: Pick<Services, "facts">, what: string, key: string): Response {
  if (facts.isStale()) return new Response(null, { status: 503 });
  return new Response(`There is no ${what} ${key.slice(0, 100)}. It may have been renamed or deleted: look it up in the list.`, {
    status: 404,
  });
}

export function findPlan(services: Pick<Services, "facts">, key: string): Plan {
  const plan = services.facts.catalogue().plans.get(key);
  if (!plan) throw noSuch(services, "plan", key);
  return plan;
}

export function findFeature(services: Pick<Services, "facts">, key: string): Feature {
  const feature = services.facts.catalogue().features.get(key);
  if (!feature) throw noSuch(services, "feature", key);
  return feature;
}

/** Max archived plans named on the plans page. */
const maxArchived = 50;

export async function readPlanGrid(services: Services, filter: FeatureFilter, window: GridWindow) {
  const { catalogue } = await catalogueNow(services);
  const tenants = await services.tenantCounts.byPlan();
  const held = (plan: { key: string }) => tenants.get(plan.key) ?? 0;
  const archived = gridPlans(catalogue, true);
  const grid = planGrid(catalogue, filter, window);
  return {
    ...grid,
    columns: grid.columns.map((column) => ({ ...column, tenants: held(column) })),
    groups: groupsOf(catalogue),
    archived: archived.slice(0, maxArchived).map(({ key, name, kind }) => ({ key, name, kind, tenants: held({ key }) })),
    moreArchived: Math.max(0, archived.length - maxArchived),
  };
}

/** One page of features; past the end it is the last page. `all` ignores the filter and includes archived ones. */
export async function readFeatureList(
  services: Services,
  filter: FeatureFilter,
  sort: { id: FeatureSort; desc: boolean },
  page: { number: number; size: number },
) {
  const { catalogue } = await catalogueNow(services);
  const rows = sortedFeatures(catalogue, filter, sort.id, sort.desc);
  const number = Math.max(1, Math.min(page.number, Math.ceil(rows.length / page.size)));
  return {
    rows: rows.slice((number - 1) * page.size, number * page.size).map((feature) => featureRow(catalogue, feature)),
    total: rows.length,
    all: catalogue.features.size,
    page: number,
    groups: groupsOf(catalogue),
  };
}

/** Number of tenants of any status with the plan or add-on. */
export async function tenantsHaving({ db }: Services, q: Queries, plan: string): Promise<number> {
  return tenantsHavingPlan(q, db.tables, plan);
}
