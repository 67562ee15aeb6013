import type { Catalogue } from "~/core/catalogue/catalogue";
import { describeValue } from "~/core/catalogue/catalogue-words";
import type { Effect } from "~/core/decision/preview";
import type { Limit, Value } from "~/core/model";
import { day } from "~/core/time";
import type { FeatureEffect } from "./impact";
import type { NamedEffect, TenantEffect } from "./impact-result";

/** Features of a tenant that are named. The others are counted. */
export const maxNamedEffects = 8;

export type TenantEffectRow = { tenant: string; effect: TenantEffect; checks: number; features: number; named: NamedEffect[] };

/** Checks of a feature in 30 days, by their answer. */
export type CheckSum = { allowed: number; refused: number };

/** How far back checks count as use of what a change takes away, in ms. */
export const usedWithinMs = 30 * day;

/** Checks that count for an effect: who gains a feature has asked for it before, who loses it has used it. */
export const countedChecks = (effect: Effect, sum: CheckSum | undefined): number =>
  (sum?.allowed ?? 0) + (effect === "gains" ? (sum?.refused ?? 0) : 0);

/** What a tenant's use of a feature was. `used`: in the current period, under the limit as it will be. */
export type FeatureUse = { checks: (feature: string) => CheckSum | undefined; used: (feature: string) => number | undefined };

/** True if use may exceed the limit as it will be: a metered feature gets a lower one. */
export function isLowerLimit({ feature, effect, was, is }: FeatureEffect, to: Catalogue): boolean {
  if (effect !== "changes" || typeof is !== "number" || to.features.get(feature)?.type !== "metered") return false;
  return was === "unlimited" || (typeof was === "number" && is < was);
}

/** One row per effect on a tenant, with the features that it uses most in front. */
export function tenantEffectRows(
  tenant: string,
  effects: readonly FeatureEffect[],
  { from, to }: { from: Catalogue; to: Catalogue },
  use: FeatureUse,
): TenantEffectRow[] {
  const byEffect = new Map<TenantEffect, NamedEffect[]>();
  const add = (effect: TenantEffect, one: NamedEffect) => byEffect.set(effect, [...(byEffect.get(effect) ?? []), one]);
  for (const one of effects) {
    const { feature, effect } = one;
    const checks = countedChecks(effect, use.checks(feature));
    const used = to.features.get(feature)?.type === "metered" ? use.used(feature) : undefined;
    const text = (catalogue: Catalogue, value: Value | null) =>
      value === null ? null : describeValue(catalogue.features.get(feature), value);
    const named = { feature, was: text(from, one.was), is: text(to, one.is), checks, ...(used === undefined ? {} : { used }) };
    add(effect, named);
    if (isLowerLimit(one, to) && used !== undefined && used > (one.is as Limit & number)) add("over", named);
  }
  return [...byEffect].map(([effect, all]) => ({
    tenant,
    effect,
    checks: all.reduce((sum, { checks }) => sum + checks, 0),
    features: all.length,
    named: all.sort((a, b) => b.checks - a.checks || (a.feature < b.feature ? -1 : 1)).slice(0, maxNamedEffects),
  }));
}
