import { describeValue } from "~/core/catalogue-words";
import { archiveFeature, type FeatureEdit, restoreFeature, updateFeature } from "~/core/feature-changes";
import { groupsOf } from "~/core/feature-list";
import type { Actor } from "~/core/model";
import { gridPlans } from "~/core/plan-grid";
import { catalogueNow, findFeature } from "./catalogue-pages.server";
import { changeCatalogue } from "./change.server";
import type { Services } from "./services.server";

export async function readNewFeaturePage(services: Services) {
  const { catalogue } = await catalogueNow(services);
  return { groups: groupsOf(catalogue) };
}

const plansPerPage = 100;

export async function readFeaturePage(services: Services, key: string, page = 1) {
  const { catalogue } = await catalogueNow(services);
  const feature = findFeature(catalogue, key);
  const all = gridPlans(catalogue);
  const number = Math.max(1, Math.min(page, Math.ceil(all.length / plansPerPage)));
  const plans = all.slice((number - 1) * plansPerPage, number * plansPerPage).map((plan) => {
    const given = catalogue.gives.get(plan.key)?.get(key);
    const from = given && given.from !== plan.key ? (catalogue.plans.get(given.from)?.name ?? given.from) : null;
    return { key: plan.key, name: plan.name, kind: plan.kind, text: given ? describeValue(feature, given.value) : null, from };
  });
  return { now: services.now(), feature, plans, totalPlans: all.length, page: number, plansPerPage, groups: groupsOf(catalogue) };
}

export type FeatureAct = { intent: "save"; expected: number; feature: FeatureEdit } | { intent: "archive" | "restore"; why?: string };

export function actOnFeature(services: Services, actor: Actor, key: string, act: FeatureAct) {
  return changeCatalogue(services, actor, (facts, stamp) => {
    switch (act.intent) {
      case "save":
        return updateFeature(facts, key, act.feature, stamp, act.expected);
      case "archive":
        return archiveFeature(facts, key, stamp, act.why);
      case "restore":
        return restoreFeature(facts, key, stamp, act.why);
    }
  });
}
