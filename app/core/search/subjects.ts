import { foldText } from "~/core/plain-text";

export type Match = { key: string; name: string };
/** What the first words find as tenants, and the others as features. */
export type Split = { tenantWords: string[]; featureWords: string[]; tenants: Match[]; features: Match[] };

export type Subjects =
  | { found: "pair"; tenant: Match; feature: Match }
  | { found: "several"; pairs: { tenant: Match; feature: Match }[] }
  | { found: "no tenant" | "no feature"; words: string[] };

/** Max pairs to choose from. */
const maxPairs = 5;

/** The match that is meant: the only one, or the only one whose key or name is exactly this. Null if several could be. */
export function meant(matches: readonly Match[], words: readonly string[]): Match | null {
  if (matches.length === 1) return matches[0] ?? null;
  const whole = words.join(" ");
  const byKey = matches.filter(({ key }) => foldText(key) === whole);
  const exact = byKey.length > 0 ? byKey : matches.filter(({ name }) => foldText(name).split(/\s+/).join(" ") === whole);
  return exact.length === 1 ? (exact[0] as Match) : null;
}

/** Finds the tenant and the feature in words that may be split at any place. */
export function findSubjects(splits: readonly Split[]): Subjects {
  const whole = splits.filter(({ tenants, features }) => tenants.length > 0 && features.length > 0);
  if (whole.length === 0) return nothingFound(splits);
  const pairs = new Map<string, { tenant: Match; feature: Match }>();
  const add = (tenant: Match, feature: Match) => pairs.set(JSON.stringify([tenant.key, feature.key]), { tenant, feature });
  for (const split of whole) {
    const tenant = meant(split.tenants, split.tenantWords);
    const feature = meant(split.features, split.featureWords);
    if (tenant && feature) add(tenant, feature);
  }
  if (pairs.size === 0) {
    for (const split of whole) {
      const tenant = meant(split.tenants, split.tenantWords);
      const feature = meant(split.features, split.featureWords);
      for (const t of tenant ? [tenant] : split.tenants) for (const f of feature ? [feature] : split.features) add(t, f);
    }
  }
  const found = [...pairs.values()];
  const [only] = found;
  if (found.length === 1 && only) return { found: "pair", ...only };
  return { found: "several", pairs: found.slice(0, maxPairs) };
}

/** Names the part that is missing, given the longest part that was found. */
function nothingFound(splits: readonly Split[]): Subjects {
  const longest = (list: Split[], words: (split: Split) => string[]) => list.sort((a, b) => words(b).length - words(a).length)[0];
  const tenant = longest(
    splits.filter(({ tenants }) => tenants.length > 0),
    (split) => split.tenantWords,
  );
  if (tenant) return { found: "no feature", words: tenant.featureWords };
  const feature = longest(
    splits.filter(({ features }) => features.length > 0),
    (split) => split.featureWords,
  );
  return { found: "no tenant", words: feature?.tenantWords ?? splits[0]?.tenantWords ?? [] };
}
