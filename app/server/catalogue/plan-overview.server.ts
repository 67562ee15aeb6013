import type { Catalogue } from "~/core/catalogue/catalogue";
import { groupSections } from "~/core/catalogue/group-sections";
import { nearKeys } from "~/core/catalogue/near-keys";
import { countDifferences, planBelow, planDifference } from "~/core/catalogue/plan-difference";
import { gridPlans } from "~/core/catalogue/plan-grid";
import type { Plan } from "~/core/model";
import { foldText } from "~/core/plain-text";
import type { PlanPageQuery } from "~/forms/catalogue/plan-query";
import type { Services } from "~/server/services.server";
import { latestActivities } from "./catalogue-activity.server";
import { catalogueNow, findPlan } from "./catalogue-pages.server";
import { planUse } from "./plan-page.server";

const comparedPerPage = 50;
/** Plans that are offered for a comparison, those of the nearest rank. Others are found by their key or name. */
const maxOffered = 60;

const named = ({ key, name }: Plan) => ({ key, name });

/** A plan's page: what it gives, who has it, how it compares, and its last changes. */
export async function planOverview(services: Services, key: string, query: PlanPageQuery, zone: string) {
  const { catalogue } = await catalogueNow(services);
  const plan = findPlan(services, key);
  const { entries: _, ...fields } = plan;
  const [use, activities] = await Promise.all([
    planUse(services, catalogue, plan),
    latestActivities(services, { kind: "plan", key, name: plan.name }, zone),
  ]);
  const includes = plan.includes === null ? null : (catalogue.plans.get(plan.includes) ?? null);
  return {
    now: services.now(),
    plan: fields,
    ...use,
    includes: includes && named(includes),
    /** Null during a comparison, which takes their place. */
    features: query.compare === null ? featuresOf(catalogue, plan, query) : null,
    compared: query.compare === null ? null : comparison(catalogue, plan, query.compare, query.page),
    ...offered(catalogue, plan),
    activities,
  };
}

/** What the plan adds to the one below it, or with `all` everything that it gives. */
function featuresOf(catalogue: Catalogue, plan: Plan, { all, group, page }: PlanPageQuery) {
  const below = planBelow(catalogue, plan);
  const rows = planDifference(catalogue, plan.key, below?.key ?? null);
  const isShown = all ? ({ gives }: (typeof rows)[number]) => gives !== null : ({ kind }: (typeof rows)[number]) => kind !== "same";
  const given = rows.filter(({ gives }) => gives !== null).length;
  return { below: below && named(below), counts: countDifferences(rows), given, ...groupSections(rows.filter(isShown), group, page) };
}

/** One page of a comparison, differences first. `other` null: there is no such plan. */
function comparison(catalogue: Catalogue, plan: Plan, asked: string, page: number) {
  const other = planNamed(catalogue, asked);
  if (!other) return { asked, other: null, near: nearKeys(catalogue.plans, asked) };
  const all = planDifference(catalogue, plan.key, other.key);
  const rows = [...all.filter(({ kind }) => kind !== "same"), ...all.filter(({ kind }) => kind === "same")];
  const number = Math.max(1, Math.min(page, Math.ceil(rows.length / comparedPerPage)));
  return {
    asked,
    other: { ...named(other), isArchived: other.archivedAt !== null },
    counts: countDifferences(all),
    rows: rows.slice((number - 1) * comparedPerPage, number * comparedPerPage),
    total: rows.length,
    page: number,
    pageSize: comparedPerPage,
  };
}

/** By its key, or by its name if it is the only one of that name. */
function planNamed({ plans }: Catalogue, asked: string): Plan | undefined {
  const byKey = plans.get(asked);
  if (byKey) return byKey;
  const name = foldText(asked).trim();
  const found = [...plans.values()].filter((plan) => foldText(plan.name) === name);
  return found.length === 1 ? found[0] : undefined;
}

function offered(catalogue: Catalogue, plan: Plan) {
  const others = gridPlans(catalogue).filter(({ key }) => key !== plan.key);
  const distance = (one: Plan) => Math.abs(one.rank - plan.rank) + (one.kind === plan.kind ? 0 : 1e9);
  const near = [...others].sort((a, b) => distance(a) - distance(b)).slice(0, maxOffered);
  const isNear = new Set(near.map(({ key }) => key));
  return { others: others.filter(({ key }) => isNear.has(key)).map(named), hasMoreOthers: others.length > near.length };
}
