/** PostHog's wire formats, as far as the stand-in reads them. */

export type Properties = Record<string, unknown>;

export type Filter = {
  key: string;
  type?: "person" | "group" | "cohort" | "flag";
  operator?: string;
  value?: unknown;
  group_type_index?: number;
  dependency_chain?: string[];
  negation?: boolean;
};

/** `aggregation_group_type_index`: absent inherits the flag's, null targets persons, a number targets that group type. */
export type Condition = {
  properties: Filter[];
  rollout_percentage?: number | null;
  variant?: string | null;
  aggregation_group_type_index?: number | null;
};

export type Variant = { key: string; rollout_percentage: number };

export type Filters = {
  groups: Condition[];
  aggregation_group_type_index?: number | null;
  multivariate?: { variants: Variant[] } | null;
  payloads?: Record<string, unknown>;
  early_exit?: boolean;
};

export type FlagDefinition = {
  id: number;
  key: string;
  name: string;
  active: boolean;
  deleted: boolean;
  version: number;
  ensure_experience_continuity: boolean;
  filters: Filters;
  created_at: string;
  updated_at: string;
  last_called_at: string | null;
};

export type CohortGroup = { type?: "AND" | "OR"; values?: (CohortGroup | Filter)[] };

export type CapturedEvent = {
  event: string;
  distinct_id?: string;
  uuid?: string;
  timestamp?: string;
  properties?: Properties;
  $set?: Properties;
};
