import type { Feature, FeatureType, Plan } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { shorten } from "~/core/text";
import type { Catalogue } from "./catalogue";
import { describeValue } from "./catalogue-words";
import { byGroup, byName } from "./feature-list";

/** What a plan does to a feature, seen from another plan. */
export const differenceKinds = ["adds", "changes", "lacks", "same"] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export type FeatureDifference = {
  key: string;
  name: string;
  type: FeatureType;
  group: string | null;
  kind: DifferenceKind;
  /** What the plan gives, and the other one. Null: nothing. */
  gives: string | null;
  otherGives: string | null;
  /** The name of the plan that `gives` is inherited from; null for its own entry. */
  from: string | null;
};

const maxText = 60;

/** The plan that another one builds on: the one it includes, or else the active plan of the next lower rank. Null if there is none. */
export function planBelow({ plans }: Catalogue, plan: Plan): Plan | null {
  if (plan.includes !== null) return plans.get(plan.includes) ?? null;
  if (plan.kind === "add_on") return null;
  let below: Plan | null = null;
  // By rank, then key.
  for (const one of plans.values()) {
    if (one.key === plan.key) break;
    if (one.kind === "base" && one.archivedAt === null) below = one;
  }
  return below;
}

/** Active features that the plan or the other one gives, by group and name. Without another plan, all are added. */
export function planDifference(catalogue: Catalogue, plan: string, other: string | null): FeatureDifference[] {
  const [own, others] = [catalogue.gives.get(plan), other === null ? undefined : catalogue.gives.get(other)];
  const keys = new Set([...(own?.keys() ?? []), ...(others?.keys() ?? [])]);
  const features = [...keys].flatMap((key) => catalogue.features.get(key) ?? []).filter(({ archivedAt }) => archivedAt === null);
  const text = (feature: Feature, given: { value: unknown } | undefined) =>
    given === undefined ? null : shorten(describeValue(feature, given.value as never), maxText);
  return features
    .sort((a, b) => byGroup(a.group, b.group) || byName(a, b))
    .map((feature) => {
      const [given, otherGiven] = [own?.get(feature.key), others?.get(feature.key)];
      const isSame = given && otherGiven && sameJson(given.value, otherGiven.value);
      return {
        ...{ key: feature.key, name: feature.name, type: feature.type, group: feature.group },
        kind: !otherGiven ? "adds" : !given ? "lacks" : isSame ? "same" : "changes",
        gives: text(feature, given),
        otherGives: text(feature, otherGiven),
        from: given && given.from !== plan ? (catalogue.plans.get(given.from)?.name ?? given.from) : null,
      };
    });
}

export type DifferenceCounts = { [K in DifferenceKind]: number };

export function countDifferences(rows: readonly FeatureDifference[]): DifferenceCounts {
  const counts: DifferenceCounts = { adds: 0, changes: 0, lacks: 0, same: 0 };
  for (const { kind } of rows) counts[kind] += 1;
  return counts;
}
