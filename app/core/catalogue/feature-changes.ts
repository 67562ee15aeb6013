import {
  type CatalogueFacts,
  type ConfigSettings,
  type CountsChoice,
  type Feature,
  type FlagLink,
  keyPattern,
  keyRule,
  type MeterSettings,
  type Stamp,
} from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { type CatalogueChange, catalogueChange, incompatibleEntries, incompatibleMessage, staleProblem } from "./catalogue-changes";
import { nameProblem } from "./new-names";
import { withMeter } from "./period-changes";

/** A feature's type with its settings. */
export type FeatureKind = { type: "boolean" } | { type: "config"; config: ConfigSettings } | { type: "metered"; meter: MeterSettings };

/** Omitted means unchanged; null means cleared. The name defaults to the key. */
export type FeatureForm = {
  name?: string | null;
  description?: string | null;
  group?: string | null;
  askUrl?: string | null;
  flag?: FlagLink | null;
  why?: string | null;
};

export function catalogueKeyProblem(key: string): Refusal | null {
  if (keyPattern.test(key)) return null;
  const message = `A key ${keyRule}`;
  return refuse("value_invalid", message, "key");
}

export function createFeature(facts: CatalogueFacts, key: string, form: FeatureForm & FeatureKind, stamp: Stamp): Outcome<CatalogueChange> {
  const bad = catalogueKeyProblem(key) ?? nameProblem("name", form.name, undefined) ?? nameProblem("group", form.group, undefined);
  if (bad) return bad;
  const other = facts.features.find((f) => f.key === key);
  if (other) {
    const way = other.archivedAt === null ? "Choose another key" : "It is archived: restore it, or choose another key";
    return refuse("feature_exists", `There is a feature ${key} already (${other.name}). ${way}.`, "key");
  }
  const { name, description, group, askUrl, flag, why, ...kind } = form;
  const common = { key, name: name ?? key, description: description ?? null, group: group ?? null, flag: flag ?? null };
  const feature: Feature = { ...common, ...askPart(askUrl), ...kind, archivedAt: null, revision: 0 };
  return { ok: true, change: catalogueChange("feature.created", { features: [feature] }, stamp, why) };
}

const askPart = (askUrl: string | null | undefined) => (askUrl ? { askUrl } : {});

/**
 * Given settings replace the old ones completely. A given type must be the current one. `counts`: what becomes of them if
 * the reset period changes; by default zero.
 */
export type FeatureEdit = FeatureForm & { type?: Feature["type"]; config?: ConfigSettings; meter?: MeterSettings; counts?: CountsChoice };

export function updateFeature(
  facts: CatalogueFacts,
  key: string,
  form: FeatureEdit,
  stamp: Stamp,
  expected?: number,
): Outcome<CatalogueChange> {
  const before = find(facts, key);
  if ("ok" in before) return before;
  const bad =
    staleProblem(before, expected) ??
    typeProblem(before, form.type) ??
    nameProblem("name", form.name, before.name) ??
    nameProblem("group", form.group, before.group);
  if (bad) return bad;
  const metered = before.type === "metered" && form.meter ? withMeter(before, form.meter, form.counts ?? "zero", stamp.now) : before;
  if ("ok" in metered) return metered;
  const { askUrl: askedAt, ...others } = metered;
  const after: Feature = {
    ...others,
    ...askPart(form.askUrl === undefined ? askedAt : form.askUrl),
    name: form.name === undefined ? before.name : (form.name ?? key),
    description: form.description === undefined ? before.description : form.description,
    group: form.group === undefined ? before.group : form.group,
    flag: form.flag === undefined ? before.flag : form.flag,
  };
  if (after.type === "config" && form.config) after.config = form.config;
  if (sameJson(before, after)) return { ok: true, change: null };
  const unfit = incompatibleEntries(facts.plans, after);
  if (unfit.length > 0) {
    const message = `What these plans give of ${after.name} would no longer fit: ${incompatibleMessage(after, unfit)}. Change the plans first.`;
    return refuse("value_invalid", message, "config");
  }
  return { ok: true, change: catalogueChange("feature.updated", { features: [after] }, stamp, form.why) };
}

/** Plan entries and grants of the feature stay, for when it is restored. */
export function archiveFeature(facts: CatalogueFacts, key: string, stamp: Stamp, why?: string | null): Outcome<CatalogueChange> {
  const feature = find(facts, key);
  if ("ok" in feature) return feature;
  if (feature.archivedAt !== null) return { ok: true, change: null };
  const features = [{ ...feature, archivedAt: stamp.now }];
  return { ok: true, change: catalogueChange("feature.archived", { features }, stamp, why) };
}

export function restoreFeature(facts: CatalogueFacts, key: string, stamp: Stamp, why?: string | null): Outcome<CatalogueChange> {
  const feature = find(facts, key);
  if ("ok" in feature) return feature;
  if (feature.archivedAt === null) return { ok: true, change: null };
  const features = [{ ...feature, archivedAt: null }];
  return { ok: true, change: catalogueChange("feature.restored", { features }, stamp, why) };
}

export function typeProblem(before: Feature, type: Feature["type"] | undefined): Refusal | null {
  if (type === undefined || type === before.type) return null;
  const message = `${before.name} is ${before.type} and stays so, since plans and grants hold values of that type. Create a new feature instead.`;
  return refuse("feature_type", message, "type");
}

function find(facts: CatalogueFacts, key: string): Feature | Refusal {
  const feature = facts.features.find((f) => f.key === key);
  return feature ?? refuse("feature_not_found", `There is no feature ${key}. Choose one that the catalogue has.`, "feature");
}
