import { createHash } from "node:crypto";
import { holds } from "./operators";
import type { CohortGroup, Condition, Filter, FlagDefinition, Properties } from "./wire";

export type World = { flags: Map<string, FlagDefinition>; groupTypes: string[]; cohorts: Record<string, CohortGroup> };

export type Question = {
  distinctId: string;
  groups: Record<string, string>;
  person: Properties;
  /** Stored group properties, merged with the request's. */
  groupProperties: (type: string, key: string) => Properties;
};

export type Verdict = { enabled: boolean; variant: string | null; payload: string | null; code: string; condition: number | null };

const no = (code: string): Verdict => ({ enabled: false, variant: null, payload: null, code, condition: null });

/** From 0 to 1: PostHog's hash for rollouts. The divisor is rounded up to 2^60, as in PostHog. */
function share(key: string, bucket: string, salt = ""): number {
  const hex = createHash("sha1").update(`${key}.${bucket}${salt}`).digest("hex").slice(0, 15);
  return Number.parseInt(hex, 16) / 2 ** 60;
}

function variantOf(flag: FlagDefinition, bucket: string): string | null {
  const at = share(flag.key, bucket, "variant");
  let from = 0;
  for (const { key, rollout_percentage } of flag.filters.multivariate?.variants ?? []) {
    const to = from + rollout_percentage / 100;
    if (at >= from && at < to) return key;
    from = to;
  }
  return null;
}

/** Evaluates conditions in order; the first match wins. Throws where PostHog reports a failure. */
export function evaluate(flag: FlagDefinition, question: Question, world: World, above: string[] = []): Verdict {
  if (!flag.active) return no("flag_disabled");
  const { filters } = flag;
  let code = "no_condition_match";
  for (const [index, condition] of filters.groups.entries()) {
    const by =
      condition.aggregation_group_type_index === undefined ? filters.aggregation_group_type_index : condition.aggregation_group_type_index;
    const subject = subjectOf(by ?? null, question, world);
    if (!subject) {
      if (code === "no_condition_match") code = "no_group_type";
      continue;
    }
    const matches = condition.properties.every((filter) => isMet(filter, subject.properties, question, world, [...above, flag.key]));
    if (!matches) continue;
    if (share(flag.key, subject.bucket) > (condition.rollout_percentage ?? 100) / 100) {
      code = "out_of_rollout_bound";
      if (filters.early_exit) break;
      continue;
    }
    return yes(flag, condition, index, subject.bucket);
  }
  return no(code);
}

function yes(flag: FlagDefinition, condition: Condition, index: number, bucket: string): Verdict {
  const { filters } = flag;
  const forced = filters.multivariate?.variants.find(({ key }) => key === condition.variant)?.key;
  const variant = forced ?? variantOf(flag, bucket);
  const payload = filters.payloads?.[variant ?? "true"] ?? null;
  const asText = payload === null || typeof payload === "string" ? payload : JSON.stringify(payload);
  return { enabled: true, variant, payload: asText, code: "condition_match", condition: index };
}

function subjectOf(groupType: number | null, question: Question, world: World) {
  if (groupType === null) return { bucket: question.distinctId, properties: question.person };
  const type = world.groupTypes[groupType];
  const key = type === undefined ? undefined : question.groups[type];
  if (type === undefined || key === undefined) return undefined;
  return { bucket: String(key), properties: { $group_key: String(key), ...question.groupProperties(type, String(key)) } };
}

function isMet(filter: Filter, properties: Properties, question: Question, world: World, above: string[]): boolean {
  if (filter.type === "cohort") {
    const cohort = world.cohorts[String(filter.value)];
    if (!cohort) throw new Error(`no cohort ${filter.value}`);
    return inCohort(cohort, properties, question, world, above) !== (filter.operator === "not_in");
  }
  if (filter.type !== "flag") return holds(filter, properties);
  const other = world.flags.get(filter.key);
  if (!other || above.includes(filter.key)) throw new Error(`the flag ${filter.key} is missing or depends on itself`);
  const { enabled, variant } = evaluate(other, question, world, above);
  return typeof filter.value === "boolean" ? filter.value === enabled : filter.value === (variant ?? enabled);
}

function inCohort(group: CohortGroup | Filter, properties: Properties, question: Question, world: World, above: string[]): boolean {
  if ("key" in group) return isMet(group, properties, question, world, above) !== (group.negation ?? false);
  const each = (part: CohortGroup | Filter) => inCohort(part, properties, question, world, above);
  return group.type === "OR" ? (group.values ?? []).some(each) : (group.values ?? []).every(each);
}
