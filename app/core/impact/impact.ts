import type { Decision } from "~/core/decision/decide";
import { affectedAmong, type Effect } from "~/core/decision/preview";
import type { Instant, TenantFacts, Value } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { type CatalogueDifference, type CompiledChange, concernedFeatures, type FlagValueMap, ownFeatures } from "./catalogue-difference";

/** A tenant that a change may affect. `is`: the tenant as the same change writes it. `flags`: the last value of each flag. */
export type Candidate = { was: TenantFacts; is?: TenantFacts; flags?: FlagValueMap };

/** One feature's answer before and after; null: not entitled. A boolean feature is `true`, a metered one its limit. */
export type FeatureEffect = { feature: string; effect: Effect; was: Value | null; is: Value | null };

/** Max combinations of plan, add-ons and status whose effects are remembered. */
const maxShapes = 5_000;

/** Effects by what decides them. Tenants without grants, flags and schedules of their own share one. */
export type ShapeEffects = Map<string, FeatureEffect[]>;

/** For each candidate the features that it gains, loses or gets another value of. Decides each feature before and after. */
export function impact(change: CompiledChange, candidates: readonly Candidate[], now: Instant, shapes: ShapeEffects = new Map()) {
  return candidates.map((candidate) => {
    const shape = shapeOf(change.difference, candidate, now);
    const known = shape === null ? undefined : shapes.get(shape);
    if (known) return known;
    const effects = [...effectsFor(change, candidate, now)];
    if (shape !== null) {
      if (shapes.size >= maxShapes) shapes.clear();
      shapes.set(shape, effects);
    }
    return effects;
  });
}

/** One candidate's part of `impact`, feature by feature, so that a caller can stop early. */
export function* effectsFor(change: CompiledChange, candidate: Candidate, now: Instant): Generator<FeatureEffect> {
  const { from, to } = change;
  const was = effective(candidate.was, from, now);
  const is = candidate.is ? effective(candidate.is, to, now) : was;
  const before = { tenant: was, catalogue: from };
  const after = { tenant: is, catalogue: to };
  const features = concernedFeatures(change, was);
  if (candidate.is) for (const feature of [...concernedFeatures(change, is), ...ownFeatures(before, after)]) features.add(feature);
  const readings = { flag: (key: string) => candidate.flags?.get(key) };
  for (const { feature, effect, before: b, after: a } of affectedAmong(before, after, features, now, readings)) {
    yield { feature, effect, was: givenOf(b), is: givenOf(a) };
  }
}

/** A limit of 0 is a no that has a limit. */
const givenOf = ({ entitled, value, amount }: Decision): Value | null => amount?.limit ?? (entitled ? (value ?? true) : null);

/** Equal for tenants that a change affects alike; null for a tenant with something of its own that decides. */
function shapeOf({ features }: CatalogueDifference, { was, is, flags }: Candidate, now: Instant): string | null {
  if (flags && flags.size > 0) return null;
  const sides = is ? [was, is] : [was];
  if (sides.some(({ scheduled }) => scheduled?.some((entry) => entry.at <= now && entry.problem === undefined))) return null;
  // A tenant that is written itself may gain or lose any of its grants.
  if (sides.some(({ grants }) => grants.some(({ feature }) => is || features.has(feature)))) return null;
  return JSON.stringify(sides.map(({ status, plan, addOns }) => [status, plan, ...addOns.map((a) => a.plan)]));
}
