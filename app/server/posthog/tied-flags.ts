import type { Catalogue } from "~/core/catalogue";

const ties = new WeakMap<Catalogue, readonly string[]>();

/** Keys of the flags that features in use are tied to. Asked for at every check, so they are gathered once for each catalogue. */
export function tiedFlags(catalogue: Catalogue): readonly string[] {
  const known = ties.get(catalogue);
  if (known) return known;
  const keys = new Set<string>();
  for (const { flag, archivedAt } of catalogue.features.values()) if (flag && archivedAt === null) keys.add(flag.key);
  const flags = [...keys];
  ties.set(catalogue, flags);
  return flags;
}

export const hasTies = (catalogue: Catalogue) => tiedFlags(catalogue).length > 0;
