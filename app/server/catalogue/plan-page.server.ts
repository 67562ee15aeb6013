import { type Catalogue, planChain } from "~/core/catalogue/catalogue";
import { archivePlan, deletePlan, type PlanForm, restorePlan } from "~/core/catalogue/plan-changes";
import { gridPlans } from "~/core/catalogue/plan-grid";
import type { Actor, Plan, PlanKind } from "~/core/model";
import { changeCatalogue, proposeCatalogue } from "~/server/change.server";
import type { Services } from "~/server/services.server";
import { tenantsHavingPlan } from "~db/store/tenant-list.server";
import { planUpdate, savePlan } from "./catalogue-edits.server";
import { catalogueNow, findPlan } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";
import { reviewChange } from "./effect-review.server";

type Choice = { key: string; name: string; kind: PlanKind };

/** Plans that this plan may include: of the same kind, active or already included, and not including this plan. */
function includable(catalogue: Catalogue, plan: Plan | null): Choice[] {
  const leadsHere = (key: string) => plan !== null && planChain(catalogue.plans, key).some((p) => p.key === plan.key);
  const archived = [...catalogue.plans.values()].filter((p) => p.key === plan?.includes && p.archivedAt !== null);
  return [...gridPlans(catalogue), ...archived]
    .filter((p) => (plan === null || p.kind === plan.kind) && !leadsHere(p.key))
    .map(({ key, name, kind }) => ({ key, name, kind }));
}

export async function readNewPlanPage(services: Services) {
  const { catalogue } = await catalogueNow(services);
  return { includable: includable(catalogue, null) };
}

/** Max including plans that are named. */
const maxIncludedBy = 20;

export async function readPlanPage(services: Services, key: string) {
  const { catalogue } = await catalogueNow(services);
  const plan = findPlan(services, key);
  const { entries, ...fields } = plan;
  const tenants = await services.tenantCounts.byPlan();
  const inUse = ({ feature }: { feature: string }) => catalogue.features.get(feature)?.archivedAt === null;
  const gives = [...(catalogue.gives.get(key) ?? [])].filter(([feature]) => inUse({ feature })).length;
  const includedBy = [...catalogue.plans.values()].filter((p) => p.includes === key);
  const own = entries.filter(inUse).length;
  return {
    now: services.now(),
    plan: fields,
    tenants: tenants.get(key) ?? 0,
    own,
    inherited: gives - own,
    includable: includable(catalogue, plan),
    includedBy: includedBy.slice(0, maxIncludedBy).map((p) => ({ key: p.key, name: p.name })),
    moreIncludedBy: Math.max(0, includedBy.length - maxIncludedBy),
  };
}

export type PlanAct =
  | ({ intent: "save"; expected: number; reviewed?: string } & PlanForm)
  | { intent: "archive" | "restore" | "delete"; why?: string };

export function actOnPlan(services: Services, actor: Actor, key: string, act: PlanAct) {
  if (act.intent === "save") {
    const { intent: _, expected, reviewed: __, ...form } = act;
    return savePlan(services, actor, key, form, expected);
  }
  return changeCatalogue(services, actor, async (facts, stamp, tx) => {
    switch (act.intent) {
      case "archive":
        return archivePlan(facts, key, stamp, act.why);
      case "restore":
        return restorePlan(facts, key, stamp, act.why);
      case "delete":
        return deletePlan(facts, key, await tenantsHavingPlan(tx, services.db.tables, key), stamp, act.why);
    }
  });
}

/** The effects to show before the form is saved; null: save it. */
export async function reviewPlan(services: Services, actor: Actor, key: string, act: PlanAct, signal: AbortSignal) {
  if (act.intent !== "save") return null;
  const { intent: _, expected, reviewed, ...form } = act;
  const outcome = proposeCatalogue(services, actor, await planUpdate(services, key, form, expected));
  return outcome.ok && outcome.change ? reviewChange(services, outcome.change, reviewed, signal) : null;
}

/** Effects of archiving or restoring a plan, if the URL asks for them; null if nothing would change. */
export async function planEndEffects(services: Services, actor: Actor, key: string, ask: string | null, signal: AbortSignal) {
  if (ask !== "archive" && ask !== "restore") return null;
  const act = ask === "archive" ? archivePlan : restorePlan;
  const outcome = proposeCatalogue(services, actor, (facts, stamp) => act(facts, key, stamp));
  return outcome.ok && outcome.change ? effectsOf(services, { catalogue: outcome.change, tenants: [] }, { signal }) : null;
}
