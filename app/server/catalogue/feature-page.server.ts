import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { archiveFeature, type FeatureEdit, restoreFeature, updateFeature } from "~/core/catalogue/feature-changes";
import { groupsOf } from "~/core/catalogue/feature-list";
import type { Actor, CatalogueFacts, Stamp } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { changeCatalogue, proposeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { catalogueNow, findFeature } from "./catalogue-pages.server";
import { effectsOf } from "./change-effects.server";
import { reviewChange } from "./effect-review.server";

export async function readNewFeaturePage(services: Services) {
  const { catalogue } = await catalogueNow(services);
  return { groups: groupsOf(catalogue) };
}

export async function readFeatureForm(services: Services, key: string) {
  const { catalogue } = await catalogueNow(services);
  return { now: services.now(), feature: findFeature(services, key), groups: groupsOf(catalogue) };
}

export type FeatureAct =
  | { intent: "save"; expected: number; reviewed?: string; feature: FeatureEdit }
  | { intent: "archive" | "restore"; why?: string };

export function actOnFeature(services: Services, actor: Actor, key: string, act: FeatureAct) {
  return changeCatalogue(services, actor, (facts, stamp) => changeOf(facts, stamp, key, act));
}

function changeOf(facts: CatalogueFacts, stamp: Stamp, key: string, act: FeatureAct): Outcome<CatalogueChange> {
  switch (act.intent) {
    case "save":
      return updateFeature(facts, key, act.feature, stamp, act.expected);
    case "archive":
      return archiveFeature(facts, key, stamp, act.why);
    case "restore":
      return restoreFeature(facts, key, stamp, act.why);
  }
}

/** The change that an act would make now; null: none, or it would be refused. */
function proposedChange(services: Services, actor: Actor, key: string, act: FeatureAct): CatalogueChange | null {
  const outcome = proposeCatalogue(services, actor, (facts, stamp) => changeOf(facts, stamp, key, act));
  return outcome.ok ? outcome.change : null;
}

/** The effects to show before the form is saved; null: save it. */
export async function reviewFeature(services: Services, actor: Actor, key: string, act: FeatureAct, signal: AbortSignal) {
  if (act.intent !== "save") return null;
  const change = proposedChange(services, actor, key, act);
  return change && reviewChange(services, actor, { change, title: `Change the feature ${act.feature.name ?? key}` }, act.reviewed, signal);
}

/** Effects of archiving or restoring a feature, if the URL asks for them; null if nothing would change. */
export async function featureEndEffects(services: Services, actor: Actor, key: string, ask: string | null, signal: AbortSignal) {
  if (ask !== "archive" && ask !== "restore") return null;
  const catalogue = proposedChange(services, actor, key, { intent: ask });
  return catalogue && effectsOf(services, { catalogue, tenants: [] }, { signal });
}
