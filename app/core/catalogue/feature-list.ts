import type { Feature, FeatureType } from "~/core/model";
import { foldText } from "~/core/plain-text";
import type { Catalogue } from "./catalogue";
import { describeConfig, describeMeter } from "./catalogue-words";

/** Filter of features. Archived ones are separate, because plans cannot newly give them. */
export type FeatureFilter = { search: string; group: string | null; type: FeatureType | null; archived: boolean };

export const featureSorts = ["name", "type", "group"] as const;
export type FeatureSort = (typeof featureSorts)[number];

const compare = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
export const byName = (a: { name: string; key: string }, b: { name: string; key: string }) =>
  compare(a.name, b.name) || compare(a.key, b.key);

/** Groups of active features, in display order. */
export function groupsOf(catalogue: Catalogue): string[] {
  const groups = new Set<string>();
  for (const { group } of catalogue.features.values()) if (group !== null) groups.add(group);
  return [...groups].sort(compare);
}

/** Sort order: null, then names, then features without a group. */
export const byGroup = (a: string | null, b: string | null) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : compare(a, b));

export function findFeatures(catalogue: Catalogue, { search, group, type, archived }: FeatureFilter): Feature[] {
  const words = foldText(search).split(/\s+/).filter(Boolean);
  return [...catalogue.features.values()].filter((feature) => {
    if (archived !== (feature.archivedAt !== null)) return false;
    if (group !== null && feature.group !== group) return false;
    if (type !== null && feature.type !== type) return false;
    const text = foldText(`${feature.name} ${feature.key}`);
    return words.every((word) => text.includes(word));
  });
}

const orders: { [S in FeatureSort]: (a: Feature, b: Feature) => number } = {
  name: byName,
  type: (a, b) => compare(a.type, b.type) || byName(a, b),
  group: (a, b) => byGroup(a.group, b.group) || byName(a, b),
};

export type FeatureRow = {
  key: string;
  name: string;
  type: FeatureType;
  /** For example "a number, higher is better"; null for boolean features. */
  what: string | null;
  group: string | null;
  /** Names of active plans that give it, by rank. */
  plans: string[];
  /** Number of plans not named. */
  morePlans: number;
  flag: string | null;
};

/** Max plans named in a row of the list. */
const maxPlans = 20;

export function sortedFeatures(catalogue: Catalogue, filter: FeatureFilter, sort: FeatureSort, descending: boolean): Feature[] {
  const found = findFeatures(catalogue, filter).sort(orders[sort]);
  return descending ? found.reverse() : found;
}

export function featureRow(catalogue: Catalogue, feature: Feature): FeatureRow {
  const offers = catalogue.offeredIn.get(feature.key) ?? [];
  return {
    key: feature.key,
    name: feature.name,
    type: feature.type,
    what: feature.type === "config" ? describeConfig(feature.config) : feature.type === "metered" ? describeMeter(feature.meter) : null,
    group: feature.group,
    plans: offers.slice(0, maxPlans).map(({ plan }) => catalogue.plans.get(plan)?.name ?? plan),
    morePlans: Math.max(0, offers.length - maxPlans),
    flag: feature.flag?.key ?? null,
  };
}
