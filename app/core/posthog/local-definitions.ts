import { wrapFilters } from "./absent-properties";
import { type FlagFilters, withoutPersons } from "./flag-filters";

type Definitions = {
  flags: readonly object[];
  cohorts?: { [id: string]: object };
  group_type_mapping?: Record<string, string>;
  groupTypeMapping?: Record<string, string>;
};

/** The index of a group type in definitions; undefined if PostHog does not know it yet. */
export function groupTypeIndex({ group_type_mapping, groupTypeMapping }: Omit<Definitions, "flags">, type: string): number | undefined {
  const [index] = Object.entries(group_type_mapping ?? groupTypeMapping ?? {}).find(([, name]) => name === type) ?? [];
  return index === undefined ? undefined : Number(index);
}

/**
 * Definitions as the SDK evaluates them. It evaluates a mixed flag for any id, even without a person, so it gets only the group
 * conditions. Filters by tenant properties are rewritten so that they also answer for absent ones.
 */
export function localDefinitions<D extends Definitions>(definitions: D, groupType: string): D {
  const flags = (definitions.flags as { filters?: FlagFilters }[]).map((flag) =>
    flag?.filters ? { ...flag, filters: withoutPersons(flag.filters) } : flag,
  );
  const tenants = groupTypeIndex(definitions, groupType);
  if (tenants === undefined) return { ...definitions, flags };
  const wrapped = wrapFilters(flags, tenants);
  return { ...definitions, flags: wrapped.flags, cohorts: { ...definitions.cohorts, ...wrapped.cohorts } };
}
