import type { Catalogue } from "~/core/catalogue/catalogue";
import { isHigherLimit } from "~/core/decision/values";
import type { Limit } from "~/core/model";

/**
 * The lowest base plan with the feature, for a tenant on `current` ("" without a plan). If that plan has the feature
 * with a limit, the lowest one with a higher limit. Null if there is none.
 */
export function lowestPlanFor(catalogue: Catalogue, feature: string, current: string): string | null {
  const given = catalogue.gives.get(current)?.get(feature);
  const isMetered = catalogue.features.get(feature)?.type === "metered";
  const offers = (catalogue.offeredIn.get(feature) ?? []).filter(({ plan }) => catalogue.plans.get(plan)?.kind === "base");
  if (!given) return offers[0]?.plan ?? null;
  return isMetered ? (offers.find(({ value }) => isHigherLimit(value as Limit, given.value as Limit))?.plan ?? null) : null;
}
