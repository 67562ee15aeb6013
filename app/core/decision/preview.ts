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

/** A tenant under a catalogue. */
export type Side = { tenant: TenantFacts; catalogue: Catalogue };

/** Of these features, those whose answer for this tenant changes. */
export function* affectedAmong(
  before: Side,
  after: Side,
  features: Iterable<string>,
  now: Instant,
  readings: Readings = {},
): Generator<Affected> {
  const decisionOn = (side: Side, feature: string) =>
    decide({ ...side, feature, now, ...readingsOf(readings, side.catalogue.features.get(feature)) });
  for (const feature of features) {
    const was = decisionOn(before, feature);
    const is = decisionOn(after, feature);
    const effect = effectOf(was, is);
    if (effect) yield { feature, effect, before: was, after: is };
  }
}

/** Features whose answer for this tenant changes. */
export function affectedFeatures(before: Side, after: Side, now: Instant, readings: Readings = {}): Affected[] {
  const features = new Set([...listedFeatures(before.catalogue), ...listedFeatures(after.catalogue)]);
  return [...affectedAmong(before, after, features, now, readings)];
}
