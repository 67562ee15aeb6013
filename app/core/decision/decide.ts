import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Feature, FlagReading, Instant, Limit, MeterSettings, ResetPeriod, TenantFacts, Usage, Value } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { gather, type Known, type Source, type SourceKind } from "./sources";
import { addLimits, isBetterValue, isHigherLimit, valueProblem } from "./values";

export const reasonCodes = [
  "tenant_not_found",
  "feature_not_found",
  "feature_archived",
  "tenant_suspended",
  "tenant_archived",
  "override",
  "flag_off",
  "plan",
  "add_on",
  "trial",
  "flag_on",
  "not_in_plan",
  "limit_reached",
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

/** A tenant's usage of a metered feature in the current period, entitled or not. */
export type Consumption = {
  /** Absent if no longer known. */
  used?: number;
  /** 0 if nothing is given; absent if it depends on unknown usage. */
  remaining?: Limit;
  resetPeriod: ResetPeriod;
  resetsAt: Instant | null;
  softLimit: boolean;
};
export type Amount = { limit: Limit } & Consumption;

/** The decision for one tenant and feature. Times are instants; `answer.ts` serializes it. */
export type Decision = {
  feature: string;
  type: Feature["type"] | null;
  entitled: boolean;
  reason: ReasonCode;
  source: SourceKind | null;
  /** The value of a config feature. */
  value?: Value;
  /** The limit of a metered feature and what is left of it. */
  amount?: Amount;
  /** For a metered feature that is not given: replaces `amount`, because there is no limit. */
  consumption?: Consumption;
  /** When the winning source ends; null for plans. */
  expiresAt: Instant | null;
  /** The earliest instant at which time alone may change the decision, or null. */
  validUntil: Instant | null;
  /** By rank. `not_in_plan`: plans that have the feature. `limit_reached`: plans that would turn this no into a yes. */
  availableIn: string[];
  isStale: boolean;
  sources: Source[];
};

export type Question = {
  tenant: TenantFacts | null;
  catalogue: Catalogue;
  feature: string;
  now: Instant;
  usage?: Usage;
  flag?: FlagReading;
  /** Requested quantity of a metered feature; defaults to 1. */
  requested?: number;
};

/** May this tenant use this feature, how much, why, and until when? The first matching rule decides. */
export function decide(question: Question): Decision {
  const { catalogue } = question;
  const tenant = question.tenant && effective(question.tenant, catalogue, question.now);
  const feature = catalogue.features.get(question.feature);
  if (!tenant) return unknown(question.feature, "tenant_not_found");
  if (!feature) return unknown(question.feature, "feature_not_found");

  const known = gather(question, tenant, feature);
  const no = (reason: ReasonCode, more?: Partial<Decision>) => denial(known, question, reason, more);

  if (feature.archivedAt !== null) return no("feature_archived");
  if (tenant.status !== "active") return no(tenant.status === "suspended" ? "tenant_suspended" : "tenant_archived");
  if (known.override) return byOverride(known, known.override, question);
  if (known.flag?.gate === "off" && known.flagSource) {
    known.flagSource.wins = true;
    return no("flag_off", { source: "flag" });
  }

  const winner = pickWinner(known);
  if (!winner) return no("not_in_plan", { availableIn: offers(catalogue, feature) });
  for (const source of winner.of) source.wins = true;
  const reason = winner.of[0]?.source === "flag" ? "flag_on" : (winner.of[0]?.source as ReasonCode);
  const yes = verdict(known, true, reason, { source: winner.of[0]?.source, expiresAt: winner.expiresAt });
  const decision = withValue(yes, known, winner.value, question);
  if (decision.reason !== "limit_reached") return decision;
  return { ...decision, availableIn: enough(known, tenant, catalogue, neededBy(question)) };
}

const neededBy = ({ usage, requested = 1 }: Question) => (usage?.used ?? 0) + requested;

type Winner = { of: Source[]; value: Value; expiresAt: Instant | null };

/** Candidates in the order that breaks ties: plan, add-on, trial, flag. */
function candidates({ feature, base, trials, flag, flagSource }: Known): Winner[] {
  const list: Winner[] = [];
  if (feature.type === "metered") {
    if (base.length > 0) list.push({ of: base, value: totalOf(base), expiresAt: null });
  } else {
    const plan = base.filter(({ source }) => source === "plan");
    const addOns = base.filter(({ source }) => source === "add_on").reverse();
    // If values are not comparable, a trial and then the latest add-on take precedence over the plan.
    const inOrder = feature.type === "config" && !isComparable(feature) ? [...addOns, ...plan] : [...plan, ...addOns];
    for (const source of inOrder) list.push({ of: [source], value: source.value, expiresAt: null });
  }
  const byExpiryDescending = [...trials].sort((a, b) => b.expiresAt - a.expiresAt || (a.grant < b.grant ? -1 : 1));
  const given = byExpiryDescending.map((trial): Winner => ({ of: [trial], value: trial.value, expiresAt: trial.expiresAt }));
  if (feature.type === "config" && !isComparable(feature)) list.unshift(...given);
  else list.push(...given);
  if (flag?.grant === "on" && flagSource?.value !== undefined && valueProblem(feature, flagSource.value) === null) {
    list.push({ of: [flagSource], value: flagSource.value, expiresAt: null });
  }
  return list;
}

const totalOf = (given: { value: Value }[]) => given.reduce<Limit>((sum, { value }) => addLimits(sum, value as Limit), 0);

/** Text without options, and JSON, cannot be compared. */
function isComparable(feature: Feature & { type: "config" }): boolean {
  return feature.config.kind === "number" || (feature.config.kind === "text" && feature.config.options.length > 0);
}

function pickWinner(known: Known): Winner | undefined {
  const { feature } = known;
  const [first, ...others] = candidates(known);
  if (!first || feature.type === "boolean") return first;
  const isBetter = (a: Value, than: Value) =>
    feature.type === "metered" ? isHigherLimit(a as Limit, than as Limit) : isBetterValue(feature.config, a, than);
  return others.reduce((best, next) => (isBetter(next.value, best.value) ? next : best), first);
}

function byOverride(known: Known, override: Source & { source: "override" }, question: Question): Decision {
  override.wins = true;
  const more = { source: "override", expiresAt: override.expiresAt } as const;
  if (override.effect === "deny") return denial(known, question, "override", more);
  return withValue(verdict(known, true, "override", more), known, override.value as Value, question);
}

/** Adds the value of a yes. A metered feature at its hard limit becomes a no. */
function withValue(yes: Decision, known: Known, value: Value, question: Question): Decision {
  const { feature } = known;
  if (feature.type === "boolean") return yes;
  if (feature.type === "config") return { ...yes, value };
  const limit = value as Limit;
  const amount: Amount = { limit, ...consumptionOf(known, feature.meter, limit, question) };
  const isKnown = amount.used !== undefined;
  if (amount.softLimit || !isKnown || covers(limit, neededBy(question))) return { ...yes, amount };
  return { ...yes, amount, entitled: false, reason: "limit_reached" };
}

function denial(known: Known, question: Question, reason: ReasonCode, more?: Partial<Decision>): Decision {
  const no = verdict(known, false, reason, more);
  const { feature } = known;
  return feature.type === "metered" ? { ...no, consumption: consumptionOf(known, feature.meter, 0, question) } : no;
}

function consumptionOf({ resetsAt }: Known, { resetPeriod, soft }: MeterSettings, limit: Limit, { usage }: Question): Consumption {
  const period = { resetPeriod, resetsAt, softLimit: soft };
  if (usage?.used === null) return { ...(limit === "unlimited" || limit === 0 ? { remaining: limit } : {}), ...period };
  const used = usage?.used ?? 0;
  return { used, remaining: limit === "unlimited" ? limit : Math.max(0, limit - used), ...period };
}

const covers = (limit: Limit, needed: number) => limit === "unlimited" || needed <= limit;

const offers = (catalogue: Catalogue, feature: Feature) => (catalogue.offeredIn.get(feature.key) ?? []).map(({ plan }) => plan);

/**
 * Plans replacing the current one, and further add-ons, that together with the other sources would cover what is
 * needed.
 */
function enough({ feature, base }: Known, tenant: TenantFacts, catalogue: Catalogue, needed: number): string[] {
  const held = new Set([tenant.plan, ...tenant.addOns.map((a) => a.plan)]);
  const addOns = base.filter(({ source }) => source === "add_on");
  const list: string[] = [];
  for (const offer of catalogue.offeredIn.get(feature.key) ?? []) {
    if (held.has(offer.plan)) continue;
    const rest = catalogue.plans.get(offer.plan)?.kind === "add_on" ? base : addOns;
    if (covers(totalOf([...rest, offer]), needed)) list.push(offer.plan);
  }
  return list;
}

function verdict(known: Known, entitled: boolean, reason: ReasonCode, more?: Partial<Decision>): Decision {
  const { override, base, trials, flagSource } = known;
  const sources: Source[] = [...base, ...trials];
  if (override) sources.unshift(override);
  if (flagSource) sources.push(flagSource);
  return {
    feature: known.feature.key,
    type: known.feature.type,
    entitled,
    reason,
    source: null,
    expiresAt: null,
    validUntil: known.validUntil,
    availableIn: [],
    isStale: flagSource?.isStale === true,
    sources,
    ...more,
  };
}

function unknown(feature: string, reason: "tenant_not_found" | "feature_not_found"): Decision {
  return {
    feature,
    type: null,
    entitled: false,
    reason,
    source: null,
    expiresAt: null,
    validUntil: null,
    availableIn: [],
    isStale: false,
    sources: [],
  };
}
