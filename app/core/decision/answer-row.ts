import type { Catalogue } from "~/core/catalogue/catalogue";
import { describeValue } from "~/core/catalogue/catalogue-words";
import { endOf, grantStateOf } from "~/core/grants/grant-lifetime";
import type { Feature, Grant, Instant, TenantFacts, Value } from "~/core/model";
import { zonedLongDate } from "~/core/zoned-time";
import { type Readings, readingsOf } from "./answer";
import { type Decision, decide } from "./decide";
import { type NextStep, nextStep } from "./next-step";
import { limitWords, reasonMessage } from "./reason-message";
import type { Source } from "./sources";

/** A feature's answer for people: names instead of keys, values as text. */
export type AnswerRow = {
  key: string;
  name: string;
  group: string | null;
  entitled: boolean;
  reason: Decision["reason"];
  message: string;
  expiresAt: Instant | null;
  source: Source["source"] | null;
  /** The value or limit; null for boolean features. */
  gives: string | null;
  /** Names of plans that would give it. */
  availableIn: string[];
  next: NextStep | null;
  sources: SourceRow[];
};

export type SourceRow = {
  kind: Source["source"];
  label: string;
  gives: string | null;
  denies: boolean;
  wins: boolean;
  grant: string | null;
  /** Null if it has started. */
  startsAt: Instant | null;
  expiresAt: Instant | null;
};

/** What a tenant's decisions are computed from. */
export type TenantWorld = {
  facts: TenantFacts;
  catalogue: Catalogue;
  now: Instant;
  readings: Readings /** Of the dates in sentences. */;
  zone: string;
};

export function answerRow(world: TenantWorld, feature: Feature): AnswerRow {
  const { facts, catalogue, now, readings } = world;
  return rowOfDecision(decide({ tenant: facts, catalogue, feature: feature.key, now, ...readingsOf(readings, feature) }), feature, world);
}

/** The row of a decision that was made already, from the same facts and at the same instant. */
export function rowOfDecision(decision: Decision, feature: Feature, world: Omit<TenantWorld, "readings">): AnswerRow {
  const { facts, catalogue, now, zone } = world;
  const name = (plan: string) => catalogue.plans.get(plan)?.name ?? plan;
  const value = decision.amount ? decision.amount.limit : decision.value;
  const later = facts.grants.filter((g) => g.feature === feature.key && grantStateOf(g, now) === "upcoming");
  return {
    key: feature.key,
    name: feature.name,
    group: feature.group,
    entitled: decision.entitled,
    reason: decision.reason,
    message: reasonMessage(decision, facts, catalogue, (at) => zonedLongDate(at, zone)),
    expiresAt: decision.expiresAt,
    source: decision.source,
    gives:
      value === undefined
        ? null
        : describeValue(feature, value) + (decision.amount?.used ? `, ${limitWords(decision.amount.used)} used` : ""),
    availableIn: decision.availableIn.map(name),
    next: nextStep(decision),
    sources: [
      ...decision.sources.map((s) => sourceRow(s, feature, name, decision.reason === "flag_off")),
      ...later.map((g) => laterRow(g, feature)),
    ],
  };
}

/** By group and name; features without a group last. */
export function byGroupAndName(a: { group: string | null; name: string }, b: { group: string | null; name: string }): number {
  const place = (f: typeof a) => `${f.group === null ? 1 : 0}${f.group ?? ""}\n${f.name.toLowerCase()}`;
  return place(a) < place(b) ? -1 : 1;
}

const shown = (feature: Feature, value: Value | undefined) =>
  feature.type === "boolean" || value === undefined ? null : describeValue(feature, value);

/** `denies`: true if the flag is the reason the feature is off. */
function sourceRow(source: Source, feature: Feature, name: (plan: string) => string, denies: boolean): SourceRow {
  const common = { kind: source.source, gives: shown(feature, source.value as Value | undefined), wins: source.wins ?? false };
  const always = { ...common, denies: false, grant: null, startsAt: null, expiresAt: null };
  switch (source.source) {
    case "plan":
    case "add_on":
      return { ...always, label: source.from === source.plan ? name(source.plan) : `${name(source.plan)}, from ${name(source.from)}` };
    case "trial":
      return { ...always, label: "Trial", grant: source.grant, expiresAt: source.expiresAt };
    case "override": {
      const denies = source.effect === "deny";
      return { ...always, label: denies ? "Override: deny" : "Override: allow", denies, grant: source.grant, expiresAt: source.expiresAt };
    }
    case "flag": {
      const says = { on: "on", off: "off", unknown: "unknown", not_asked: "not asked" }[source.state];
      const because = {
        user_required: ", needs a user",
        other_group_type: ", is not about tenants",
        flag_failed: ", PostHog could not compute it",
        user_limit: ", too many users were asked about",
      };
      const more = source.isStale ? ", last known" : source.reason ? because[source.reason] : "";
      return {
        ...always,
        label: `Flag ${source.flag}: ${says}${more}`,
        denies: source.state === "off" || (denies && source.wins === true),
      };
    }
  }
}

/** An upcoming grant, which does not affect the decision yet. */
function laterRow(grant: Grant, feature: Feature): SourceRow {
  const denies = grant.kind === "override" && grant.effect === "deny";
  return {
    kind: grant.kind,
    label: grant.kind === "trial" ? "Trial" : denies ? "Override: deny" : "Override: allow",
    gives: shown(feature, "value" in grant ? grant.value : undefined),
    denies,
    wins: false,
    grant: grant.id,
    startsAt: grant.startsAt,
    expiresAt: endOf(grant),
  };
}
