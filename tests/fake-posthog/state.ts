import type { World } from "./evaluate";
import { know, type Received } from "./ingest";
import type { Modes } from "./modes";
import type { CohortGroup, Condition, Filter, Filters, FlagDefinition, Properties, Variant } from "./wire";

type ShortFilter = Pick<Filter, "key"> & Partial<Filter>;
type ShortCondition = { properties?: ShortFilter[]; rollout?: number; variant?: string; groupType?: string | null };

/** A flag in short form, for group `organization` and everyone by default; or with PostHog's own `filters`. */
export type FlagGiven = ShortCondition & {
  key: string;
  name?: string;
  active?: boolean;
  conditions?: ShortCondition[];
  variants?: Variant[];
  payloads?: Record<string, unknown>;
  filters?: Filters;
  createdAt?: string;
  updatedAt?: string;
  lastCalledAt?: string | null;
  continuity?: boolean;
};

export type Faults = { errorsWhileComputingFlags: boolean; quotaLimited: boolean; failed: Set<string> };

export type FakeState = Received &
  World & {
    projectKey: string;
    secretKey: string;
    projectId: string;
    mode: Modes;
    slowMs: number;
    trickleMs: number;
    faults: Faults;
    /** Requests per path. */
    requests: Record<string, number>;
    /** Responses per path and status in mode "ok": "/flags/definitions 304". */
    statuses: Record<string, number>;
    /** Bodies of POST /flags/. */
    questions: Properties[];
    /** Session recordings received at /s/. */
    recordings: number;
    setFlag: (flag: FlagGiven) => FlagDefinition;
    group: (key: string, type?: string) => Properties | undefined;
  };

export type FakeOptions = { port?: number; projectKey?: string; secretKey?: string; groupTypes?: string[]; revisionProperty?: string };

export function createState(options: FakeOptions): FakeState {
  const flags = new Map<string, FlagDefinition>();
  const state: FakeState = {
    projectKey: options.projectKey ?? "phc_fake",
    secretKey: options.secretKey ?? "phx_fake",
    projectId: "1",
    revisionProperty: options.revisionProperty ?? "latchkey_revision",
    mode: { default: "ok" },
    slowMs: 1000,
    trickleMs: 1000,
    faults: { errorsWhileComputingFlags: false, quotaLimited: false, failed: new Set() },
    requests: {},
    statuses: {},
    questions: [],
    recordings: 0,
    events: [],
    groups: new Map(),
    groupTypes: [...(options.groupTypes ?? ["organization"])],
    persons: new Map(),
    violations: [],
    flags,
    cohorts: {} as Record<string, CohortGroup>,
    setFlag(given) {
      const before = flags.get(given.key);
      const at = new Date().toISOString();
      const made: FlagDefinition = {
        id: before?.id ?? flags.size + 1,
        key: given.key,
        name: given.name ?? given.key,
        active: given.active ?? true,
        deleted: false,
        version: (before?.version ?? 0) + 1,
        ensure_experience_continuity: given.continuity ?? false,
        filters: given.filters ?? filtersOf(given, state),
        created_at: given.createdAt ?? before?.created_at ?? at,
        updated_at: given.updatedAt ?? at,
        last_called_at: given.lastCalledAt ?? null,
      };
      flags.set(given.key, made);
      return made;
    },
    group: (key, type = "organization") => state.groups.get(type)?.get(key)?.properties,
  };
  return state;
}

function filtersOf(given: FlagGiven, state: FakeState): Filters {
  const indexOf = (type: string | null | undefined) => (type === null ? null : know(state, type ?? "organization"));
  const flagIndex = indexOf(given.groupType);
  const conditionOf = (short: ShortCondition): Condition => {
    const index = short.groupType === undefined ? flagIndex : indexOf(short.groupType);
    const typed = index === null ? { type: "person" as const } : { type: "group" as const, group_type_index: index };
    return {
      properties: (short.properties ?? []).map((filter) => ({ operator: "exact", ...typed, ...filter })),
      rollout_percentage: short.rollout ?? 100,
      variant: short.variant ?? null,
      ...(short.groupType === undefined ? {} : { aggregation_group_type_index: index }),
    };
  };
  return {
    aggregation_group_type_index: flagIndex,
    groups: given.conditions ? given.conditions.map(conditionOf) : [conditionOf({ ...given, groupType: undefined })],
    multivariate: given.variants ? { variants: given.variants } : null,
    payloads: given.payloads ?? {},
  };
}
