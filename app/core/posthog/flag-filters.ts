import type { Json } from "~/core/model";

/** The aggregation of a flag: a group type's index, or null for persons. */
type Level = number | null;
type Condition = {
  aggregation_group_type_index?: Level;
  properties?: unknown[];
  rollout_percentage?: number | null;
  variant?: string | null;
};
type Variant = { key: string; rollout_percentage?: number };

/** The parts used here of PostHog's REST API and definitions. */
export type FlagFilters = {
  aggregation_group_type_index?: Level;
  groups?: Condition[];
  multivariate?: { variants?: Variant[] } | null;
  payloads?: { [value: string]: unknown };
  /** Excludes a share of everyone from the flag. */
  holdout?: unknown;
  /** Our own marker: conditions about persons were removed. */
  had_persons?: true;
};

/** Whom a flag targets: tenants, persons, both, or only groups of another type. */
export type FlagTarget = "tenants" | "persons" | "mixed" | "elsewhere";

/** A condition without its own aggregation has the flag's. */
export const levelOf = ({ aggregation_group_type_index: own }: Condition, { aggregation_group_type_index: ofFlag = null }: FlagFilters) =>
  own === undefined ? ofFlag : own;

/**
 * True for a condition on persons that only depends on other flags, at 100 % rollout: it has the same result for every
 * person.
 */
function isOfFlagsAlone(condition: Condition, filters: FlagFilters): boolean {
  const { properties = [], rollout_percentage: share, variant } = condition;
  const variants = filters.multivariate?.variants ?? [];
  const isSplit = variants.length > 0 && !variants.some(({ key }) => key === variant);
  if (levelOf(condition, filters) !== null || properties.length === 0 || isSplit || filters.holdout) return false;
  return (share ?? 100) >= 100 && properties.every((filter) => (filter as { type?: string }).type === "flag");
}

/**
 * `tenants`: the index of our group type; undefined if PostHog does not know it yet. `dependencies`: the targets of the
 * flags it depends on. A flag that depends on a person flag is itself a person flag, because its value without a person
 * is a guess.
 */
export function flagTargetOf(
  filters: FlagFilters,
  tenants: number | undefined,
  dependencies: readonly (FlagTarget | undefined)[] = [],
): FlagTarget {
  const { groups = [], aggregation_group_type_index: ofFlag = null, had_persons = false } = filters;
  if (dependencies.some((audience) => audience === "persons" || audience === "mixed")) return "persons";
  const own = groups.filter((condition) => !isOfFlagsAlone(condition, filters));
  const ofFlags: FlagTarget = dependencies.every((audience) => audience === "elsewhere") ? "elsewhere" : "tenants";
  if (groups.length > 0 && own.length === 0 && !had_persons) return ofFlags;
  const levels: Level[] = groups.length > 0 ? own.map((c) => levelOf(c, filters)) : [ofFlag];
  const isOfPersons = had_persons || levels.includes(null);
  const isOfTenants = (tenants !== undefined && levels.includes(tenants)) || (own.length < groups.length && ofFlags === "tenants");
  if (isOfTenants) return isOfPersons ? "mixed" : "tenants";
  return isOfPersons ? "persons" : "elsewhere";
}

/** The group conditions of a mixed flag. */
export function withoutPersons(filters: FlagFilters): FlagFilters {
  const { groups = [] } = filters;
  const others = groups.filter((c) => levelOf(c, filters) !== null || isOfFlagsAlone(c, filters));
  return others.length === 0 || others.length === groups.length ? filters : { ...filters, groups: others, had_persons: true };
}

/** Keys of flags its conditions depend on. */
export const dependenciesOf = ({ groups = [] }: FlagFilters): string[] =>
  groups.flatMap(({ properties = [] }) =>
    (properties as { type?: string; key?: string }[]).flatMap(({ type, key }) => (type === "flag" && key ? [key] : [])),
  );

/** Variants in use. */
export const variantsOf = ({ multivariate }: FlagFilters): string[] =>
  (multivariate?.variants ?? []).filter((v) => (v.rollout_percentage ?? 0) > 0).map(({ key }) => key);

/** The payload of a yes or of this variant, or undefined. */
export const payloadOf = ({ payloads }: FlagFilters, variant?: string): Json | undefined => readPayload(payloads?.[variant ?? "true"]);

/** Payloads are JSON in a string. Other text is used as it is. */
export function readPayload(payload: unknown): Json | undefined {
  if (payload === undefined || payload === null) return undefined;
  if (typeof payload !== "string") return payload as Json;
  try {
    return JSON.parse(payload) as Json;
  } catch {
    return payload;
  }
}
