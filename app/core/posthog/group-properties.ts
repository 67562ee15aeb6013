import type { Catalogue } from "~/core/catalogue/catalogue";
import { endOf, isLive } from "~/core/grants/grant-lifetime";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { effective, nextScheduled } from "~/core/schedules/effective";
import { isoTime } from "~/core/time";

/** Properties of a tenant's group in PostHog. Null: the tenant lacks it. */
export type GroupProperties = { [name: string]: Json };

/**
 * Every property that a tenant may lack has a boolean companion, such as `has_plan`: PostHog counts an empty string and null as
 * set and cannot remove a property, so only a companion answers "is set" on its server. `metadata`: the chosen keys.
 */
export function groupProperties(facts: TenantFacts, catalogue: Catalogue, now: Instant, metadata: readonly string[]): GroupProperties {
  const tenant = effective(facts, catalogue, now);
  const plan = tenant.plan === null ? undefined : catalogue.plans.get(tenant.plan);
  const trials = tenant.grants.filter((g) => g.kind === "trial" && isLive(g, now));
  const ends = new Map(trials.map((g) => [g.feature, endOf(g) as Instant]));
  const features = [...ends.keys()].sort();
  const properties: GroupProperties = {
    name: tenant.name,
    tenant_key: tenant.key,
    status: tenant.status,
    has_plan: tenant.plan !== null,
    plan: tenant.plan,
    plan_name: plan?.name ?? null,
    plan_rank: plan?.rank ?? null,
    has_add_ons: tenant.addOns.length > 0,
    add_ons: listOrNull(tenant.addOns.map((a) => a.plan).sort()),
    has_trial: features.length > 0,
    live_trials: listOrNull(features),
    live_trial_ends: listOrNull(features.map((f) => `${f} ${isoTime(ends.get(f) as Instant)}`)),
    next_trial_end: ends.size > 0 ? isoTime(Math.min(...ends.values())) : null,
    created_at: isoTime(tenant.createdAt),
  };
  for (const key of metadata) {
    const value = Object.hasOwn(tenant.metadata, key) ? (tenant.metadata[key] as Json) : null;
    properties[`has_metadata_${key}`] = value !== null;
    properties[`metadata_${key}`] = value;
  }
  return properties;
}

const listOrNull = (texts: string[]) => (texts.length > 0 ? texts : null);

/**
 * Strings for evaluating flags: PostHog compares `exact` as text, and comparing a number with text gives no result.
 * Null is omitted.
 */
export function asFlagProperties(properties: GroupProperties): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) if (value !== null) texts[name] = asText(value);
  return texts;
}

function asText(value: Exclude<Json, null>): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The properties to send. PostHog never removes a property, so one the tenant no longer has is sent as an empty string,
 * which only "is set" matches; null would be compared as the text "null". `sent`: the properties PostHog has; null if
 * none.
 */
export function groupSet(properties: GroupProperties, sent: GroupProperties | null): GroupProperties {
  const set: GroupProperties = {};
  for (const [name, value] of Object.entries(properties)) if (value !== null) set[name] = value;
  for (const name of Object.keys(sent ?? {})) if (!Object.hasOwn(set, name)) set[name] = "";
  return set;
}

/** When time alone changes the properties next, or null. */
export function propertiesValidUntil(tenant: TenantFacts, now: Instant): Instant | null {
  const instants = tenant.grants.filter((g) => g.kind === "trial").flatMap((g) => [g.startsAt, endOf(g) as Instant]);
  const scheduled = nextScheduled(tenant, now);
  const next = [...instants, ...(scheduled === null ? [] : [scheduled])].filter((at) => at > now);
  return next.length > 0 ? Math.min(...next) : null;
}

export type GroupDrift = { ours: GroupProperties; theirs: GroupProperties };

/**
 * The properties whose values differ between PostHog and us, or null. Properties that others added to the group are
 * ignored. In `ours`, null means that the tenant lacks the property: PostHog may then have an empty string, but not
 * null, which its flags compare as text. The result has the values that PostHog should have.
 */
export function groupDrift(ours: GroupProperties, theirs: GroupProperties): GroupDrift | null {
  const drift: GroupDrift = { ours: {}, theirs: {} };
  for (const [name, value] of Object.entries(ours)) {
    const there = Object.hasOwn(theirs, name) ? (theirs[name] as Json) : undefined;
    const isSame = value === null ? there === undefined || there === "" : there !== undefined && sameJson(value, there);
    if (isSame) continue;
    drift.ours[name] = value ?? "";
    drift.theirs[name] = there ?? null;
  }
  return Object.keys(drift.ours).length > 0 ? drift : null;
}
