import { type Catalogue, planChain } from "~/core/catalogue/catalogue";
import { packChoices } from "~/core/catalogue/choices";
import { archivePlan, deletePlan, type PlanForm, restorePlan } from "~/core/catalogue/plan-changes";
import { gridPlans } from "~/core/catalogue/plan-grid";
import type { Actor, Plan } from "~/core/model";
import { changeCatalogue, proposeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { tenantsScheduledFor } from "~db/store/scheduled-changes.server";
import { planUpdate, savePlan } from "./catalogue-edits.server";
import { catalogueNow, findPlan, planHolders } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";
import { reviewChange } from "./effect-review.server";

/** Plans that this plan may include, packed: of the same kind, active or already included, and not including this plan. */
function includable(catalogue: Catalogue, plan: Plan | null): string {
  const leadsHere = (key: string) => plan !== null && planChain(catalogue.plans, key).some((p) => p.key === plan.key);
  const archived = [...catalogue.plans.values()].filter((p) => p.key === plan?.includes && p.archivedAt !== null);
  const plans = [...gridPlans(catalogue), ...archived].filter((p) => (plan === null || p.kind === plan.kind) && !leadsHere(p.key));
  return packChoices(plans.map(({ key, name, kind }) => ({ key, name: plan || kind === "base" ? name : `${name} (add-on)` })));
}

export async function readNewPlanPage(services: Services) {
  const { catalogue } = await catalogueNow(services);
  return { includable: includable(catalogue, null) };
}

/** Tenants that are scheduled to get a plan, as its form names them. */
const maxScheduledNamed = 20;

/** Max including plans that are named. */
const maxIncludedBy = 20;

/** Who has a plan, and how many active features it gives by its own entries and by those of included plans. */
export async function planUse({ tenantCounts }: Services, catalogue: Catalogue, { key, entries }: Plan) {
  const tenants = await tenantCounts.byPlan();
  const inUse = ({ feature }: { feature: string }) => catalogue.features.get(feature)?.archivedAt === null;
  const gives = [...(catalogue.gives.get(key) ?? [])].filter(([feature]) => inUse({ feature })).length;
  const includedBy = [...catalogue.plans.values()].filter((p) => p.includes === key);
  const own = entries.filter(inUse).length;
  return {
    tenants: tenants.get(key) ?? 0,
    own,
    inherited: gives - own,
    includedBy: includedBy.slice(0, maxIncludedBy).map((p) => ({ key: p.key, name: p.name })),
    moreIncludedBy: Math.max(0, includedBy.length - maxIncludedBy),
  };
}

export async function readPlanForm(services: Services, key: string) {
  const { catalogue } = await catalogueNow(services);
  const plan = findPlan(services, key);
  const { entries: _, ...fields } = plan;
  const { tenants, includedBy } = await planUse(services, catalogue, plan);
  const scheduled = await tenantsScheduledFor(services.db.readAside, services.db.tables, [key], maxScheduledNamed);
  return { now: services.now(), plan: fields, tenants, scheduled, includedBy, includable: includable(catalogue, plan) };
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
        return deletePlan(facts, key, await planHolders(services, tx, key), stamp, act.why);
    }
  });
}

/** The effects to show before the form is saved; null: save it. */
export async function reviewPlan(services: Services, actor: Actor, key: string, act: PlanAct, signal: AbortSignal) {
  if (act.intent !== "save") return null;
  const { intent: _, expected, reviewed, ...form } = act;
  const outcome = proposeCatalogue(services, actor, await planUpdate(services, key, form, expected));
  if (!outcome.ok || !outcome.change) return null;
  return reviewChange(services, actor, { change: outcome.change, title: `Change the plan ${form.name ?? key}` }, reviewed, signal);
}

/** Effects of archiving or restoring a plan, if the URL asks for them; null if nothing would change. */
export async function planEndEffects(services: Services, actor: Actor, key: string, ask: string | null, signal: AbortSignal) {
  if (ask !== "archive" && ask !== "restore") return null;
  const act = ask === "archive" ? archivePlan : restorePlan;
  const outcome = proposeCatalogue(services, actor, (facts, stamp) => act(facts, key, stamp));
  return outcome.ok && outcome.change ? effectsOf(services, { catalogue: outcome.change, tenants: [] }, { signal }) : null;
}
