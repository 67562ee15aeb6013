import type { Catalogue } from "~/core/catalogue/catalogue";
import { type Refusal, refuse } from "~/core/outcome";
import type { BulkAct } from "./bulk-act";

/** Why no tenant at all would change, so that nothing is begun, or null. */
export function bulkProblem(act: BulkAct, { features, plans }: Catalogue): Refusal | null {
  switch (act.act) {
    case "grant_trial": {
      for (const { feature: key } of act.features) {
        const feature = features.get(key);
        if (!feature) return noFeature(key);
        if (feature.archivedAt !== null) return refuse("feature_archived", `${feature.name} is archived. Restore it first.`, "features");
      }
      return null;
    }
    case "extend_trial":
    case "end_trial": {
      const gone = act.features.find((key) => !features.has(key));
      return gone === undefined ? null : noFeature(gone);
    }
    case "grant_bundle":
      return planProblem(act.plan, plans, plans.get(act.plan)?.kind ?? "base", "plan");
    case "change_plan":
      return act.plan === null ? null : planProblem(act.plan, plans, "base", "plan");
    case "add_add_on":
      return planProblem(act.addOn, plans, "add_on", "addOn");
    default:
      return null;
  }
}

const noFeature = (key: string) =>
  refuse("feature_not_found", `There is no feature ${key}. Choose one that the catalogue has.`, "features");

function planProblem(key: string, plans: Catalogue["plans"], kind: "base" | "add_on", field: "plan" | "addOn"): Refusal | null {
  const plan = plans.get(key);
  const what = kind === "base" ? "plan" : "add-on";
  if (!plan) return refuse("plan_not_found", `There is no ${what} ${key}. Choose one that the catalogue has.`, field);
  if (plan.kind !== kind)
    return refuse("plan_kind", `${plan.name} is ${kind === "base" ? "an add-on, not a plan" : "a plan, not an add-on"}.`, field);
  return plan.archivedAt === null ? null : refuse("plan_archived", `${plan.name} is archived and cannot be newly given.`, field);
}
