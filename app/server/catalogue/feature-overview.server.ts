import type { BoundedCount } from "~/core/bounded-count";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { describeValue } from "~/core/catalogue/catalogue-words";
import { gridPlans } from "~/core/catalogue/plan-grid";
import type { Feature, PlanKind } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { drawColumns } from "~/server/charts/bar-drawing.server";
import { allFeatures } from "~/server/checks/check-counts.server";
import type { Services } from "~/server/services.server";
import { staleFiguresSince } from "~/server/usage/home-figures.server";
import {
  checksOfFeatureByDay,
  tenantsNearLimit,
  tenantsRefused,
  tenantsWithAddOns,
  tenantsWithOverride,
  tenantsWithTrial,
} from "~db/store/feature-tenants.server";
import { latestActivities } from "./catalogue-activity.server";
import { catalogueNow, findFeature } from "./catalogue-pages.server";
import { isLinked, linkFindingsOf } from "./feature-flags.server";

/** Days of refusals, including today. */
const refusedDays = 30;
/** Days without a check after which a feature counts as unused; fewer if checks are not kept that long. */
const unusedAfterDays = 90;
/** Plans shown without asking for all, and plans per page of all. */
const maxPlans = 12;
const plansPerPage = 50;

/** `all` includes the plans that do not give it. */
export type FeaturePlansQuery = { all: boolean; page: number };

/** A feature's page: who has it and why, who is refused, its plans, its flag and its last changes. */
export async function featureOverview(services: Services, key: string, query: FeaturePlansQuery, zone: string) {
  const { catalogue } = await catalogueNow(services);
  const feature = findFeature(services, key);
  const [has, asked, link, activities, staleSince] = await Promise.all([
    tenantsBySource(services, catalogue, feature),
    checksOf(services, key),
    flagOf(services, feature),
    latestActivities(services, { kind: "feature", key, name: feature.name }, zone),
    staleFiguresSince(services),
  ]);
  return { now: services.now(), feature, has, asked, ...link, activities, staleSince, plans: plansOf(catalogue, feature, query) };
}

/**
 * Active tenants by what gives them the feature, unless an override decides: the candidates of the list that each count
 * opens. A tenant with two sources counts twice.
 */
async function tenantsBySource({ db, tenantCounts, now }: Services, catalogue: Catalogue, feature: Feature) {
  const { readAside: q, tables: t } = db;
  const gives = [...catalogue.plans.values()].filter((plan) => catalogue.gives.get(plan.key)?.has(feature.key));
  const keysOf = (wanted: PlanKind) => gives.flatMap(({ key, kind }) => (kind === wanted ? [key] : []));
  const base = keysOf("base");
  const of = { feature: feature.key, now: now() };
  const [groups, addOn, trial, overrides, fills] = await Promise.all([
    tenantCounts.groups(),
    tenantsWithAddOns(q, t, of, keysOf("add_on")),
    tenantsWithTrial(q, t, of),
    tenantsWithOverride(q, t, of, base),
    feature.type === "metered" ? tenantsNearLimit(q, t, feature.key) : null,
  ]);
  const { ofPlans, allow, deny } = overrides;
  const giving = new Set<string | null>(base);
  const onPlan = groups.reduce((sum, { plan, status, tenants }) => (status === "active" && giving.has(plan) ? sum + tenants : sum), 0);
  const plan: BoundedCount = {
    tenants: Math.max(0, onPlan - ofPlans.tenants),
    bound: ofPlans.bound === "exact" ? "exact" : "at_most",
  };
  return { plan, addOn, trial, allow, deny, atLimit: fills?.full ?? null, nearlyAtLimit: fills?.near ?? null };
}

/** Refusals by day, and how often the feature was checked. Checks of all features are counted under a key of their own. */
async function checksOf({ db, env, now }: Services, key: string) {
  const { readAside: q, tables: t } = db;
  const unusedDays = Math.min(unusedAfterDays, Math.floor(env.checkCountsAreKept / day));
  const [rows, tenants] = await Promise.all([
    checksOfFeatureByDay(q, t, [key, allFeatures], isoDay(now() - (unusedDays - 1) * day)),
    tenantsRefused(q, t, key, isoDay(now() - (refusedDays - 1) * day)),
  ]);
  const first = now() - (refusedDays - 1) * day;
  const refused = new Map(rows.flatMap((row) => (row.feature === key && !row.allowed ? [[row.day, row.count]] : [])));
  const daily = Array.from({ length: refusedDays }, (_, i) => refused.get(isoDay(first + i * day)) ?? 0);
  const sum = (feature: string) => rows.reduce((n, row) => (row.feature === feature ? n + row.count : n), 0);
  return {
    refused: { days: refusedDays, count: daily.reduce((a, b) => a + b, 0), tenants, trend: drawColumns(daily, [224, 32]) },
    unusedDays,
    byName: sum(key),
    withAll: sum(allFeatures),
  };
}

/** The linked flag as PostHog has it. `flagState` null: there is no flag; `unknown`: PostHog is off or has not answered. */
async function flagOf(services: Services, feature: Feature) {
  if (!isLinked(feature)) return { flagState: null, findings: [] };
  const look = services.posthog?.flagLook.inDefinitions(feature.flag.key);
  const [link] = await linkFindingsOf(services, [feature]);
  const flagState = look?.is === "found" ? (look.active ? "active" : "inactive") : "unknown";
  return { flagState, findings: link?.findings ?? [] } as const;
}

/** The feature's row of the grid. Of many plans, those that give it come first and are shown until all are asked for. */
function plansOf(catalogue: Catalogue, feature: Feature, { all, page }: FeaturePlansQuery) {
  const plans = gridPlans(catalogue);
  const giving = plans.filter((plan) => catalogue.gives.get(plan.key)?.has(feature.key));
  const areFew = plans.length <= maxPlans;
  const shown = areFew || all ? plans : giving.slice(0, maxPlans);
  const number = Math.max(1, Math.min(page, Math.ceil(shown.length / plansPerPage)));
  const rows = shown.slice((number - 1) * plansPerPage, number * plansPerPage).map((plan) => {
    const given = catalogue.gives.get(plan.key)?.get(feature.key);
    const from = given && given.from !== plan.key ? (catalogue.plans.get(given.from)?.name ?? given.from) : null;
    return { key: plan.key, name: plan.name, kind: plan.kind, text: given ? describeValue(feature, given.value) : null, from };
  });
  return { rows, giving: giving.length, total: plans.length, shown: shown.length, page: number, plansPerPage, canShowAll: !areFew };
}
