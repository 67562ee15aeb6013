import type { Catalogue } from "~/core/catalogue/catalogue";

const ties = new WeakMap<Catalogue, readonly string[]>();

/** Keys of flags linked to active features. Read on every check, so computed once per catalogue. */
export function linkedFlags(catalogue: Catalogue): readonly string[] {
  const known = ties.get(catalogue);
  if (known) return known;
  const keys = new Set<string>();
  for (const { flag, archivedAt } of catalogue.features.values()) if (flag && archivedAt === null) keys.add(flag.key);
  const flags = [...keys];
  ties.set(catalogue, flags);
  return flags;
}

export const hasLinks = (catalogue: Catalogue) => linkedFlags(catalogue).length > 0;
