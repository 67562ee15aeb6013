import type { Catalogue } from "~/core/catalogue/catalogue";
import { type FeatureFilter, type FeatureSort, featureRow, groupsOf, sortedFeatures } from "~/core/catalogue/feature-list";
import { nearKeys } from "~/core/catalogue/near-keys";
import type { PlanHolders } from "~/core/catalogue/plan-changes";
import { type GridWindow, gridPlans, planGrid } from "~/core/catalogue/plan-grid";
import { draftedGives, type PlanDraft } from "~/core/drafts/plan-draft";
import type { CatalogueFacts, Feature, Plan } from "~/core/model";
import { shorten } from "~/core/text";
import { paths } from "~/paths";
import { notFound } from "~/server/http/not-found.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { tenantsScheduledFor } from "~db/store/scheduled-changes.server";
import { tenantsHavingPlan } from "~db/store/tenant-list.server";

/** The cached catalogue, after changes of other processes were read. */
export async function catalogueNow({ facts }: Services): Promise<{ catalogue: Catalogue; facts: CatalogueFacts }> {
  await facts.look();
  return { catalogue: facts.catalogue(), facts: facts.catalogueFacts() };
}

/** Answers 503 instead of 404 while the cache is stale, because the object may exist in the database. */
function noSuch({ facts }: Pick<Services, "facts">, what: "plan" | "feature", key: string): Response {
  if (facts.isStale()) return new Response(null, { status: 503 });
  const { plans, features } = facts.catalogue();
  const near = what === "plan" ? nearKeys(plans, key) : nearKeys(features, key);
  const pathOf = what === "plan" ? paths.plan : paths.feature;
  return notFound(
    `There is no ${what} ${shorten(key, 100)}. It may have been renamed or deleted: look it up in the list.`,
    near.map(({ key, name }) => ({ to: pathOf(key), name, key })),
  );
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

/** The grid of plans; with a draft, as it would be. */
export async function readPlanGrid(services: Services, filter: FeatureFilter, window: GridWindow, draft: PlanDraft | null = null) {
  const { catalogue } = await catalogueNow(services);
  const tenants = await services.tenantCounts.byPlan();
  const held = (plan: { key: string }) => tenants.get(plan.key) ?? 0;
  const archived = gridPlans(catalogue, true);
  const changed = new Set(draft?.cells.map(({ plan, feature }) => `${plan} ${feature}`));
  const grid = planGrid(catalogue, filter, window, draft ? { changed, given: draftedGives(catalogue, draft) } : undefined);
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
export async function planHolders({ db }: Pick<Services, "db">, q: Queries, plan: string): Promise<PlanHolders> {
  const { count: scheduled } = await tenantsScheduledFor(q, db.tables, [plan], 1);
  return { having: await tenantsHavingPlan(q, db.tables, plan), scheduled };
}
