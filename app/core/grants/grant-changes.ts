import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantAction, TenantChange } from "~/core/decision/changes";
import { valueProblem } from "~/core/decision/values";
import { type Grant, type Instant, lastInstant, type Override, type Stamp, type TenantFacts, type Trial, type Value } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { day, longDate } from "~/core/time";
import { alreadyIncluded } from "./already-included";
import { endOf, isOver, withBundle } from "./grant-lifetime";
import { followGrants } from "./plan-after";

export type TrialForm = {
  features: { feature: string; value?: Value }[];
  /** Defaults to now. */
  startsAt?: Instant;
  endsAt: Instant;
  note?: string | null;
};

/** Grants one trial per requested feature, or none. */
export function grantTrial(facts: TenantFacts, form: TrialForm, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const startsAt = form.startsAt ?? stamp.now;
  const grants: Trial[] = [];
  for (const { feature, value } of form.features) {
    if (grants.some((g) => g.feature === feature)) {
      return refuse("grant_overlaps", `Feature ${feature} is asked for twice. Name it once.`, "feature");
    }
    const given = orTrue(value, feature, catalogue);
    const bad = problem(facts, { kind: "trial", feature, value: given, startsAt, endsAt: form.endsAt }, catalogue, stamp.now);
    if (bad) return bad;
    grants.push({ ...base(stamp, feature, startsAt, form.note), kind: "trial", value: given as Value, endsAt: form.endsAt });
  }
  if (grants.length === 0) return { ok: true, change: null };
  const granted = changeOf(facts, "trial.granted", grants, stamp, form.note);
  const included = alreadyIncluded(facts, grants, catalogue);
  return { ok: true, change: included.length > 0 ? { ...granted, alreadyIncluded: included } : granted };
}

export type OverrideForm = {
  feature: string;
  effect: "allow" | "deny";
  /** The limit or value that replaces all others; absent for boolean features and denials. */
  value?: Value;
  startsAt?: Instant;
  /** Null or absent: until it is ended. */
  endsAt?: Instant | null;
  note?: string | null;
};

export function setOverride(facts: TenantFacts, form: OverrideForm, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const startsAt = form.startsAt ?? stamp.now;
  const endsAt = form.endsAt ?? null;
  const { feature, effect } = form;
  const value = effect === "deny" ? undefined : orTrue(form.value, feature, catalogue);
  const bad = problem(facts, { kind: "override", feature, effect, value, startsAt, endsAt }, catalogue, stamp.now);
  if (bad) return bad;
  const common = { ...base(stamp, feature, startsAt, form.note), kind: "override" as const, endsAt };
  const grant: Override = effect === "deny" ? { ...common, effect } : { ...common, effect, value: value as Value };
  return change(facts, "override.set", [grant], stamp, form.note);
}

/** `days` count from the end that the grant has. */
type NewEnd = { endsAt: Instant; days?: undefined } | { endsAt?: undefined; days: number };

/** Adds a new row that replaces the old one, so that the earlier promise stays on record. A bundle is extended as a whole. */
export function extendGrant(
  facts: TenantFacts,
  form: NewEnd & { grant: string; note?: string | null },
  stamp: Stamp,
): Outcome<TenantChange> {
  const named = grantInForce(facts, form.grant, stamp.now);
  if ("ok" in named) return named;
  if (facts.status === "archived") return archivedTenant(facts);
  if (named.endsAt === null) return refuse("grant_overlaps", "This override has no end, so there is nothing to extend.", "endsAt");
  const endsAt = form.endsAt ?? named.endsAt + form.days * day;
  if (endsAt <= named.endsAt) {
    return refuse("ends_before_start", `The new end has to be after ${longDate(named.endsAt)}. To shorten it, end it now.`, "endsAt");
  }
  if (endsAt > lastInstant) return tooFar;
  const grants: Grant[] = [];
  for (const old of withBundle(facts, named, stamp.now)) {
    // An undo may have moved the end of a part.
    if (old.endsAt !== null && old.endsAt >= endsAt) continue;
    const startsAt = Math.max(old.startsAt, stamp.now);
    const others = facts.grants.filter((g) => g !== old);
    const next = overlapping(others, { kind: old.kind, feature: old.feature, startsAt, endsAt }, stamp.now);
    if (next) {
      const why = `From ${longDate(next.startsAt)} another ${old.kind} takes over. Extend up to there, or end that one first.`;
      return refuse("grant_overlaps", why, "endsAt");
    }
    const fresh: Grant = { ...old, ...base(stamp, old.feature, startsAt, form.note ?? old.note), endsAt, extends: old.id };
    grants.push({ ...old, endedAt: stamp.now }, fresh);
  }
  return change(facts, `${named.kind}.extended`, grants, stamp, form.note);
}

/** Ends a grant now; of a bundle, all of it. */
export function endGrant(facts: TenantFacts, form: { grant: string; note?: string | null }, stamp: Stamp): Outcome<TenantChange> {
  const old = grantInForce(facts, form.grant, stamp.now);
  if ("ok" in old) return old;
  const ended = withBundle(facts, old, stamp.now).map((grant) => ({ ...grant, endedAt: stamp.now }));
  return change(facts, `${old.kind}.ended`, ended, stamp, form.note);
}

/** The value of a boolean feature may be omitted. */
function orTrue(value: Value | undefined, feature: string, catalogue: Catalogue): Value | undefined {
  return value ?? (catalogue.features.get(feature)?.type === "boolean" ? true : value);
}

function base(stamp: Stamp, feature: string, startsAt: Instant, note: string | null | undefined) {
  const created = { createdAt: stamp.now, createdBy: stamp.actor.name };
  return { id: stamp.newId("gr"), feature, startsAt, endedAt: null, extends: null, note: note ?? null, ...created };
}

function changeOf(facts: TenantFacts, action: TenantAction, grants: Grant[], stamp: Stamp, why: string | null | undefined): TenantChange {
  return { action, key: facts.key, set: {}, grants, at: stamp.now, why: why ?? null };
}

function change(...parts: Parameters<typeof changeOf>): Outcome<TenantChange> {
  const [facts] = parts;
  return { ok: true, change: followGrants(facts, changeOf(...parts)) };
}

/** A grant that is live or upcoming, or the refusal. */
export function grantInForce(facts: TenantFacts, id: string, now: Instant): Grant | Refusal {
  const grant = facts.grants.find((g) => g.id === id);
  if (!grant || isOver(grant, now)) {
    return refuse("grant_over", "This grant is over, so it can no longer be changed. Grant a new one instead.", "grant");
  }
  return grant;
}

const tooFar = refuse("value_invalid", "The end is too far away. Choose one before the year 10000.", "endsAt");
export const archivedTenant = ({ name }: TenantFacts) =>
  refuse("tenant_archived", `${name} is archived. Reinstate it before you grant it anything or extend what it has.`);

type Wanted = {
  kind: Grant["kind"];
  feature: string;
  effect?: "allow" | "deny";
  value: Value | undefined;
  startsAt: Instant;
  endsAt: Instant | null;
};

function problem(facts: TenantFacts, wanted: Wanted, catalogue: Catalogue, now: Instant): Refusal | null {
  const feature = catalogue.features.get(wanted.feature);
  if (!feature) return refuse("feature_not_found", `There is no feature ${wanted.feature}. Choose one that the catalogue has.`, "feature");
  if (feature.archivedAt !== null) {
    return refuse("feature_archived", `${feature.name} is archived. Restore it before you grant it.`, "feature");
  }
  if (facts.status === "archived") return archivedTenant(facts);
  const bad = wanted.effect === "deny" ? null : valueProblem(feature, wanted.value);
  if (bad) return refuse("value_invalid", `${feature.name} ${bad}.`, "value");
  if (wanted.endsAt !== null) {
    if (wanted.endsAt <= now) return refuse("ends_in_past", "The end is in the past. Choose one that is still to come.", "endsAt");
    if (wanted.endsAt > lastInstant) return tooFar;
    if (wanted.endsAt <= wanted.startsAt) return refuse("ends_before_start", "The end has to be after the start.", "endsAt");
  }
  const other = overlapping(facts.grants, wanted, now);
  if (!other) return null;
  const until = endOf(other);
  const has = `${facts.name} already has ${wanted.kind === "trial" ? "a trial" : "an override"} of ${feature.name}`;
  const when = until === null ? "without an end" : `until ${longDate(until)}`;
  return refuse("grant_overlaps", `${has} ${when}. ${until === null ? "End it first" : "Extend it, or end it first"}.`, "feature");
}

/** A tenant has at most one trial and one override per feature at any instant. */
function overlapping(grants: Grant[], wanted: Pick<Wanted, "kind" | "feature" | "startsAt" | "endsAt">, now: Instant): Grant | undefined {
  return grants.find((grant) => {
    if (grant.kind !== wanted.kind || grant.feature !== wanted.feature || isOver(grant, now)) return false;
    const end = endOf(grant);
    return (end === null || wanted.startsAt < end) && (wanted.endsAt === null || grant.startsAt < wanted.endsAt);
  });
}
