import { type FlagFilters, levelOf } from "./flag-filters";

/**
 * Local evaluation assumes that a property it was not given is known only to PostHog, and requests it. Latchkey knows
 * which properties a tenant lacks, so each filter on a tenant property is wrapped in a cohort that first checks a
 * marker for whether the tenant has the property. Properties without a marker are still requested.
 */

type Filter = { key?: string; type?: string; operator?: string };
type Flag = { filters?: FlagFilters };
type Cohort = { type: "AND" | "OR"; values: object[] };

const markerPrefix = "latchkey_has:";
const cohortPrefix = "latchkey:";

/** Operators that PostHog's server answers with yes for an absent property. */
const matchesAbsent = (operator: string) => operator === "is_not" || (operator.startsWith("not_") && operator !== "not_in");

/** Adds the marker of each property; null: the tenant lacks it. */
export function withMarkers(known: { [name: string]: unknown }, given: Record<string, string>): Record<string, string> {
  const marked = { ...given };
  for (const name of Object.keys(known)) marked[markerPrefix + name] = String(Object.hasOwn(given, name));
  return marked;
}

/** Wraps the filters of every condition about tenants. `tenants`: the number of their group type. */
export function wrapFilters<F extends Flag>(flags: readonly F[], tenants: number): { flags: F[]; cohorts: { [id: string]: Cohort } } {
  const cohorts: { [id: string]: Cohort } = {};
  let count = 0;

  function wrap(filter: Filter): Filter {
    const { key, type, operator = "exact" } = filter;
    if (key === undefined || key.startsWith("$") || type === "cohort" || type === "flag") return filter;
    const has = (isSet: boolean) => ({ key: markerPrefix + key, type: "group", operator: "exact", value: [String(isSet)] });
    if (operator === "is_set" || operator === "is_not_set") return has(operator === "is_set");
    count += 1;
    const id = cohortPrefix + count;
    cohorts[id] = matchesAbsent(operator) ? { type: "OR", values: [has(false), filter] } : { type: "AND", values: [has(true), filter] };
    return { key: "id", type: "cohort", operator: "in", value: id } as Filter;
  }

  const wrapped = flags.map((flag) => {
    const { filters } = flag;
    if (!filters?.groups) return flag;
    const groups = filters.groups.map((condition) =>
      levelOf(condition, filters) === tenants && condition.properties
        ? { ...condition, properties: condition.properties.map((filter) => wrap(filter as Filter)) }
        : condition,
    );
    return { ...flag, filters: { ...filters, groups } };
  });
  return { flags: wrapped, cohorts };
}
