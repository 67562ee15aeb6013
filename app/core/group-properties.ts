import { isoTime } from "./answer";
import type { Catalogue } from "./catalogue";
import { endOf, isLive } from "./grant-lifetime";
import type { Instant, Json, TenantFacts } from "./model";

export type GroupProperties = { [name: string]: Json };

/** What PostHog is told of a tenant, as properties of its group. `metadata`: which keys of it may leave the house. */
export function groupProperties(tenant: TenantFacts, catalogue: Catalogue, now: Instant, metadata: readonly string[]): GroupProperties {
  const plan = tenant.plan === null ? undefined : catalogue.plans.get(tenant.plan);
  const trials = tenant.grants.filter((g) => g.kind === "trial" && isLive(g, now));
  const ends = new Map(trials.map((g) => [g.feature, endOf(g) as Instant]));
  const features = [...ends.keys()].sort();
  const properties: GroupProperties = {
    name: tenant.name,
    tenant_key: tenant.key,
    status: tenant.status,
    plan: tenant.plan,
    plan_name: plan?.name ?? null,
    plan_rank: plan?.rank ?? null,
    add_ons: tenant.addOns.map((a) => a.plan).sort(),
    live_trials: features,
    live_trial_ends: features.map((f) => `${f} ${isoTime(ends.get(f) as Instant)}`),
    next_trial_end: ends.size > 0 ? isoTime(Math.min(...ends.values())) : null,
    created_at: isoTime(tenant.createdAt),
  };
  for (const key of metadata) properties[`metadata_${key}`] = Object.hasOwn(tenant.metadata, key) ? (tenant.metadata[key] as Json) : null;
  return properties;
}

/**
 * For evaluating flags: PostHog compares `exact` as text, and a number against a text is no answer at all. What a tenant has not is
 * named as null, as it is when it is sent: what is not named is no answer here, and may be an older one there.
 */
export function asFlagProperties(properties: GroupProperties): Record<string, string | null> {
  const texts: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(properties)) texts[name] = value === null ? null : asText(value);
  return texts;
}

function asText(value: Exclude<Json, null>): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Properties that were sent before and are gone now are sent as null: PostHog keeps what it is not told to drop. */
export function withVanished(properties: GroupProperties, sent: GroupProperties | null): GroupProperties {
  const vanished = Object.keys(sent ?? {}).filter((name) => !Object.hasOwn(properties, name));
  return { ...properties, ...Object.fromEntries(vanished.map((name) => [name, null])) };
}

/** When the clock alone changes the properties next; null: never. */
export function propertiesValidUntil({ grants }: TenantFacts, now: Instant): Instant | null {
  const instants = grants.filter((g) => g.kind === "trial").flatMap((g) => [g.startsAt, endOf(g) as Instant]);
  const next = instants.filter((at) => at > now);
  return next.length > 0 ? Math.min(...next) : null;
}
