import type { CatalogueFacts, ConfigSettings, MeterSettings, PlanKind, Stamp, Value } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { applyCatalogueChange, type CatalogueChange, type Cell, setPlanEntries } from "./catalogue-changes";
import { createFeature, type FeatureEdit, type FeatureKind, updateFeature } from "./feature-changes";
import { createPlan, type PlanForm, updatePlan } from "./plan-changes";

/** Creates or changes a plan with its own entries in one change. Without `features`, entries stay. */
export function putPlan(
  facts: CatalogueFacts,
  key: string,
  { features, kind, ...form }: PlanForm & { kind?: PlanKind; features?: { [feature: string]: Value } },
  stamp: Stamp,
): Outcome<CatalogueChange> {
  const before = facts.plans.find((p) => p.key === key);
  const put = before ? updatePlan(facts, key, { ...form, kind }, stamp) : createPlan(facts, key, { ...form, kind: kind ?? "base" }, stamp);
  if (!put.ok || features === undefined) return put;
  const after = put.change ? applyCatalogueChange(facts, put.change, facts.revision) : facts;
  const wanted = new Map(Object.entries(features));
  const gone = (before?.entries ?? [])
    .filter((e) => !wanted.has(e.feature))
    .map((e): Cell => ({ plan: key, feature: e.feature, value: null }));
  const held = new Map(before?.entries.map((e) => [e.feature, JSON.stringify(e.value)]));
  // An archived feature's existing value may be sent back unchanged.
  const given = [...wanted].filter(([feature, value]) => held.get(feature) !== JSON.stringify(value));
  const cells = given.map(([feature, value]): Cell => ({ plan: key, feature, value }));
  const nothing = cells.find((c) => c.value === null);
  if (nothing) return refuse("value_invalid", `null gives nothing of ${nothing.feature}: leave the feature out.`, "features");
  const entries = setPlanEntries(after, [...gone, ...cells], stamp, form.why);
  if (!entries.ok) return { ...entries, field: "features" };
  if (!entries.change || !put.change) return { ok: true, change: entries.change ?? put.change };
  return { ok: true, change: { ...put.change, plans: entries.change.plans } };
}

export type FeaturePut = FeatureEdit & { config?: ConfigSettings; meter?: MeterSettings };

/** Creates or changes a feature. A new one gets the type of its settings, or boolean. */
export function putFeature(facts: CatalogueFacts, key: string, form: FeaturePut, stamp: Stamp): Outcome<CatalogueChange> {
  const before = facts.features.find((f) => f.key === key);
  const type = before?.type ?? form.type ?? (form.config ? "config" : form.meter ? "metered" : "boolean");
  const bad = settingsProblem(type, form);
  if (bad) return bad;
  if (before) return updateFeature(facts, key, form, stamp);
  const { config, meter, type: _, counts: __, ...common } = form;
  const kind = kindOf(type, config, meter);
  if (!kind)
    return refuse(
      "value_invalid",
      `A feature of type ${type} needs its settings: send ${type === "config" ? "config" : "meter"}.`,
      type === "config" ? "config" : "meter",
    );
  return createFeature(facts, key, { ...common, ...kind }, stamp);
}

function kindOf(type: FeatureKind["type"], config?: ConfigSettings, meter?: MeterSettings): FeatureKind | null {
  if (type === "boolean") return { type };
  if (type === "config") return config ? { type, config } : null;
  return meter ? { type, meter } : null;
}

function settingsProblem(type: FeatureKind["type"], { config, meter, counts }: FeaturePut): Refusal | null {
  const isMetered = type === "metered";
  const stray = (config && type !== "config" && "config") || (meter && !isMetered && "meter") || (counts && !isMetered && "counts");
  if (!stray) return null;
  return refuse("value_invalid", `This feature is ${type}, so ${stray} does not belong to it. Leave it out.`, stray);
}
