import type { Catalogue } from "~/core/catalogue/catalogue";
import { addLimits, isBetterValue, isHigherLimit } from "~/core/decision/values";
import { endOf, isOver } from "~/core/grants/grant-lifetime";
import type { Feature, Instant, Json, Limit, TenantFacts, Trial, Value } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { isoTime } from "~/core/time";

/** A tenant's lifecycle events, in PostHog's names. */
export type TenantEvent = {
  event: "trial_granted" | "trial_extended" | "trial_ended" | "trial_expired" | "trial_converted" | "plan_changed" | "tenant_suspended";
  /** Tells it from others of the same change. */
  about: string;
  properties: { [name: string]: Json };
};

/**
 * The effect of one change on a tenant. `before`: the tenant until then, or null. `at`: the change's instant. `past`:
 * trials no longer in the facts, which may have led to a plan change.
 */
export function eventsBetween(
  before: TenantFacts | null,
  after: TenantFacts,
  catalogue: Catalogue,
  at: Instant,
  past: readonly Trial[] = [],
): TenantEvent[] {
  const events = [...trialEvents(before, after, at)];
  if (before === null) return events;
  if (hasPlanMoved(before, after)) {
    events.push({ event: "plan_changed", about: "", properties: planProperties(before, after, catalogue) });
    events.push(...conversions(before, after, catalogue, at, latestTrials([...past, ...trialsOf(before)])));
  }
  if (before.status !== "suspended" && after.status === "suspended")
    events.push({ event: "tenant_suspended", about: "", properties: { plan: after.plan } });
  return events;
}

export const hasPlanMoved = (before: TenantFacts, after: TenantFacts) =>
  before.plan !== after.plan || !sameJson(addOnsOf(before), addOnsOf(after));

export function trialExpired(trial: Pick<Trial, "id" | "feature" | "startsAt" | "endsAt">, plan: string | null): TenantEvent {
  return { event: "trial_expired", about: trial.id, properties: { ...trialProperties(trial), plan } };
}

const trialsOf = (facts: TenantFacts | null) => (facts?.grants ?? []).filter((g): g is Trial => g.kind === "trial");
const addOnsOf = (facts: TenantFacts) => facts.addOns.map((a) => a.plan).sort();

/** Without its note, which is free text, and without its value, which may be any JSON. */
const trialProperties = ({ id, feature, startsAt, endsAt }: Pick<Trial, "id" | "feature" | "startsAt" | "endsAt">) => ({
  grant: id,
  feature,
  starts_at: isoTime(startsAt),
  ends_at: isoTime(endsAt),
});

function* trialEvents(before: TenantFacts | null, after: TenantFacts, at: Instant): Iterable<TenantEvent> {
  const were = new Map(trialsOf(before).map((t) => [t.id, t]));
  const are = new Map(trialsOf(after).map((t) => [t.id, t]));
  const { plan } = after;
  const prolonged = new Set<string>();
  for (const trial of are.values()) {
    if (were.has(trial.id)) continue;
    const old = trial.extends === null ? undefined : were.get(trial.extends);
    if (old) prolonged.add(old.id);
    const properties = { ...trialProperties(trial), plan, ...(old ? { ended_before_at: isoTime(old.endsAt) } : {}) };
    yield { event: trial.extends === null ? "trial_granted" : "trial_extended", about: trial.id, properties };
  }
  for (const trial of were.values()) {
    // A trial that expired leaves the facts with the next change; the trial schedule reports it.
    if (are.has(trial.id) || prolonged.has(trial.id) || isOver(trial, at)) continue;
    yield { event: "trial_ended", about: trial.id, properties: { ...trialProperties(trial), ended_at: isoTime(at), plan } };
  }
}

function planProperties(before: TenantFacts, after: TenantFacts, catalogue: Catalogue): TenantEvent["properties"] {
  const rank = (plan: string | null) => (plan === null ? null : (catalogue.plans.get(plan)?.rank ?? null));
  return {
    plan_before: before.plan,
    plan_rank_before: rank(before.plan),
    add_ons_before: addOnsOf(before),
    plan: after.plan,
    plan_rank: rank(after.plan),
    add_ons: addOnsOf(after),
  };
}

/** Per feature the trial that ended last, or has not ended. */
function latestTrials(trials: readonly Trial[]): Iterable<Trial> {
  const latest = new Map<string, Trial>();
  for (const trial of trials) {
    const known = latest.get(trial.feature);
    if (!known || (endOf(trial) as Instant) >= (endOf(known) as Instant)) latest.set(trial.feature, trial);
  }
  return latest.values();
}

/** Trials that had begun, and whose feature the plan or an add-on now gives at least as much of. */
function* conversions(
  before: TenantFacts,
  after: TenantFacts,
  catalogue: Catalogue,
  at: Instant,
  trials: Iterable<Trial>,
): Iterable<TenantEvent> {
  for (const trial of trials) {
    const feature = catalogue.features.get(trial.feature);
    if (!feature || trial.startsAt > at) continue;
    const had = covers(feature, planGives(before, catalogue, feature), trial.value);
    if (had || !covers(feature, planGives(after, catalogue, feature), trial.value)) continue;
    const was = isOver(trial, at) ? "expired" : "live";
    const properties = { ...trialProperties(trial), trial: was, plan_before: before.plan, plan: after.plan };
    yield { event: "trial_converted", about: trial.id, properties };
  }
}

/** Values of plan and add-ons, best last where comparable. */
function planGives({ plan, addOns }: TenantFacts, catalogue: Catalogue, feature: Feature): Value[] {
  const sources = [...(plan === null ? [] : [plan]), ...addOns.map((a) => a.plan)];
  const given = sources.flatMap((source) => catalogue.gives.get(source)?.get(feature.key) ?? []).map(({ value }) => value);
  if (feature.type !== "metered" || given.length === 0) return given;
  return [given.reduce<Limit>((sum, value) => addLimits(sum, value as Limit), 0)];
}

function covers(feature: Feature, given: Value[], trial: Value): boolean {
  if (feature.type === "boolean") return given.length > 0;
  if (feature.type === "metered") return given.some((value) => !isHigherLimit(trial as Limit, value as Limit));
  const { config } = feature;
  const isRanked = config.kind === "number" || (config.kind === "text" && config.options.length > 0);
  return given.some((value) => sameJson(value, trial) || (isRanked && !isBetterValue(config, trial, value)));
}
