import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { listedFeatures, type Readings, readingsOf } from "./answer";
import { type Decision, decide } from "./decide";

export type Effect = "gains" | "loses" | "changes";

/** A change's effect on one answer, or null if callers notice nothing. */
export function effectOf(before: Decision, after: Decision): Effect | null {
  if (before.entitled !== after.entitled) return after.entitled ? "gains" : "loses";
  const given = ({ value, amount }: Decision) => JSON.stringify([value ?? null, amount?.limit ?? null]);
  return given(before) === given(after) ? null : "changes";
}

export type Affected = { feature: string; effect: Effect; before: Decision; after: Decision };

/** Features whose answer for this tenant changes. */
export function affectedFeatures(
  before: { tenant: TenantFacts; catalogue: Catalogue },
  after: { tenant: TenantFacts; catalogue: Catalogue },
  now: Instant,
  readings: Readings = {},
): Affected[] {
  const affected: Affected[] = [];
  for (const feature of new Set([...listedFeatures(before.catalogue), ...listedFeatures(after.catalogue)])) {
    const known = readingsOf(readings, after.catalogue.features.get(feature));
    const was = decide({ ...before, feature, now, ...known });
    const is = decide({ ...after, feature, now, ...known });
    const effect = effectOf(was, is);
    if (effect) affected.push({ feature, effect, before: was, after: is });
  }
  return affected;
}
