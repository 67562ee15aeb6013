import type { Json } from "./model";

/** By whom a flag counts: a group type's number, or null for persons. */
type Level = number | null;
type Condition = { aggregation_group_type_index?: Level; properties?: unknown[]; rollout_percentage?: number | null };
type Variant = { key: string; rollout_percentage?: number };

/** What PostHog's REST API and its definitions both say of a flag, as far as it is read here. */
export type FlagFilters = {
  aggregation_group_type_index?: Level;
  groups?: Condition[];
  multivariate?: { variants?: Variant[] } | null;
  payloads?: { [value: string]: unknown };
};

/** Each condition's. One that does not say counts as the flag does. */
export function levelsOf({ groups = [], aggregation_group_type_index: ofFlag = null }: FlagFilters): Level[] {
  const levels = groups.map(({ aggregation_group_type_index: own }) => (own === undefined ? ofFlag : own));
  return levels.length > 0 ? levels : [ofFlag];
}

/** Whether every condition is about persons, so that a tenant alone cannot be answered for. */
export const isAboutPersons = (filters: FlagFilters): boolean => levelsOf(filters).every((level) => level === null);

/** Variants that somebody gets. */
export const variantsOf = ({ multivariate }: FlagFilters): string[] =>
  (multivariate?.variants ?? []).filter((v) => (v.rollout_percentage ?? 0) > 0).map(({ key }) => key);

/** What goes along with a yes, or with this variant; undefined: nothing does. */
export const payloadOf = ({ payloads }: FlagFilters, variant?: string): Json | undefined => readPayload(payloads?.[variant ?? "true"]);

/** A payload comes as JSON in a text. What is no JSON is shown as the text that it is. */
export function readPayload(payload: unknown): Json | undefined {
  if (payload === undefined || payload === null) return undefined;
  if (typeof payload !== "string") return payload as Json;
  try {
    return JSON.parse(payload) as Json;
  } catch {
    return payload;
  }
}
