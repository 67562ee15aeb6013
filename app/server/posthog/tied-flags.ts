import type { Catalogue } from "~/core/catalogue";

/** Keys of the flags that features in use are tied to. */
export function tiedFlags(catalogue: Catalogue): string[] {
  const keys = new Set<string>();
  for (const { flag, archivedAt } of catalogue.features.values()) if (flag && archivedAt === null) keys.add(flag.key);
  return [...keys];
}

const ties = new WeakMap<Catalogue, boolean>();

/** Asked at every check, so it is counted once for each catalogue. */
export function hasTies(catalogue: Catalogue): boolean {
  let has = ties.get(catalogue);
  if (has === undefined) {
    has = tiedFlags(catalogue).length > 0;
    ties.set(catalogue, has);
  }
  return has;
}
