import type { Catalogue } from "~/core/catalogue/catalogue";
import { canBeLive, endOf, isLive } from "~/core/grants/grant-lifetime";
import type { Feature, FlagReading, Instant, Override, TenantFacts, UnknownBecause, Value } from "~/core/model";
import { nextScheduled } from "~/core/schedules/effective";
import { type FlagOpinion, flagOpinion } from "./flag-opinion";
import { usagePeriod } from "./usage-period";

type Winning = { wins?: true };
/** One source of a decision. `value` is a limit for metered features. */
export type Source = Winning &
  (
    | { source: "override"; grant: string; effect: "allow" | "deny"; value?: Value; expiresAt: Instant | null }
    | { source: "plan" | "add_on"; plan: string; from: string; value: Value }
    | { source: "trial"; grant: string; value: Value; expiresAt: Instant }
    | {
        source: "flag";
        flag: string;
        state: "on" | "off" | "unknown" | "not_asked";
        value?: Value;
        isStale?: true;
        /** PostHog did not answer or was not asked, so the feature's `whenUnknown` applies. */
        isAssumed?: true;
        reason?: UnknownBecause;
      }
  );
export type SourceKind = Source["source"];

/** Inputs of a decision for this tenant and feature, with sources in tie-breaking order. */
export type Known = {
  feature: Feature;
  override: (Source & { source: "override" }) | undefined;
  base: (Source & { source: "plan" | "add_on" })[];
  trials: (Source & { source: "trial" })[];
  flag: FlagOpinion | undefined;
  flagSource: (Source & { source: "flag" }) | undefined;
  validUntil: Instant | null;
  /** The end of the metered feature's current period, or null. */
  resetsAt: Instant | null;
};

type Asked = { catalogue: Catalogue; now: Instant; flag?: FlagReading };

/** `tenant` has the scheduled changes applied that are due. */
export function gather({ catalogue, now, flag: reading }: Asked, tenant: TenantFacts, feature: Feature): Known {
  const base: Known["base"] = [];
  const fromPlan = (source: "plan" | "add_on", plan: string) => {
    const given = catalogue.gives.get(plan)?.get(feature.key);
    if (given) base.push({ source, plan, from: given.from, value: given.value });
  };
  if (tenant.plan !== null) fromPlan("plan", tenant.plan);
  for (const addOn of tenant.addOns) fromPlan("add_on", addOn.plan);

  let override: Known["override"];
  const trials: Known["trials"] = [];
  let validUntil: Instant | null = null;
  const change = (at: Instant | null) => {
    if (at !== null && at > now && (validUntil === null || at < validUntil)) validUntil = at;
  };
  for (const grant of tenant.grants) {
    if (grant.feature !== feature.key) continue;
    const end = endOf(grant);
    if (canBeLive(grant)) {
      change(grant.startsAt);
      change(end);
    }
    if (!isLive(grant, now)) continue;
    if (grant.kind === "trial") trials.push({ source: "trial", grant: grant.id, value: grant.value, expiresAt: end as Instant });
    else override = overrideSource(grant, end);
  }
  const flag = feature.flag ? flagOpinion(feature.flag, reading, now) : undefined;
  const known: Known = { feature, override, base, trials, flag, flagSource: undefined, validUntil: null, resetsAt: null };
  if (flag) known.flagSource = flagSource(known, flag);
  // A flag that is not asked must not affect the answer, not even as an instant.
  if (flag && known.flagSource?.state !== "not_asked") change(flag.lapsesAt);
  const resetsAt = feature.type === "metered" ? usagePeriod(feature.meter.resetPeriod, now, tenant.usageAnchor).end : null;
  change(resetsAt);
  change(nextScheduled(tenant, now));
  return { ...known, validUntil, resetsAt };
}

function overrideSource(grant: Override, end: Instant | null): Source & { source: "override" } {
  const common = { source: "override", grant: grant.id, expiresAt: end } as const;
  return grant.effect === "deny" ? { ...common, effect: "deny" } : { ...common, effect: "allow", value: grant.value };
}

/** The flag is not asked for a boolean feature with a plan or trial if it could only grant, nor for an archived feature. */
function flagSource(known: Known, flag: FlagOpinion): Source & { source: "flag" } {
  const granted = known.base.length > 0 || known.trials.length > 0;
  const isPointless = known.feature.type === "boolean" && known.feature.flag?.rule === "grant" && granted;
  if (isPointless || known.feature.archivedAt !== null) return { source: "flag", flag: flag.key, state: "not_asked" };
  const value = flag.state === "on" || flag.grant === "on" ? flagValue(known.feature, flag) : undefined;
  return {
    source: "flag",
    flag: flag.key,
    state: flag.state,
    ...(value === undefined ? {} : { value }),
    ...(flag.isStale ? { isStale: true } : {}),
    ...(flag.isAssumed && (flag.gate ?? flag.grant) !== null ? { isAssumed: true } : {}),
    ...(flag.unknownBecause && (flag.state === "unknown" || flag.isAssumed) ? { reason: flag.unknownBecause } : {}),
  };
}

/** The payload, or the variant of a text feature without one. A value of the wrong type grants nothing but is shown. */
function flagValue(feature: Feature, flag: FlagOpinion): Value | undefined {
  if (feature.type === "boolean") return true;
  if (flag.payload !== undefined) return flag.payload;
  return feature.type === "config" && feature.config.kind === "text" ? flag.variant : undefined;
}
