import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import { grantBundle } from "~/core/grants/bundles";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import { withPlanAfter } from "~/core/grants/plan-after";
import { suggestedValue } from "~/core/grants/trial-choice";
import type { Instant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { type TrialBounds, withinRails } from "~/core/rails/within-rails";
import { day } from "~/core/time";
import type { RequestedAct, StoredRequest } from "./request";

/** What the one who decides adds: the trial's days, if the request does not say them. */
export type Granting = { days: number };

/** When the trial that is asked for would begin and end, if it were granted now. */
export function requestedPeriod(act: RequestedAct, { days }: Granting, now: Instant): { startsAt: Instant; endsAt: Instant } | null {
  switch (act.act) {
    case "try_feature":
      return { startsAt: now, endsAt: now + days * day };
    case "grant_trial":
      if (act.days !== null) return { startsAt: now, endsAt: now + act.days * day };
      return { startsAt: act.startsAt ?? now, endsAt: act.endsAt as Instant };
    default:
      return null;
  }
}

/**
 * The outcome of granting a request within what binds the one who decides. What a person of the team wrote is a reason
 * to pass a guard rail, what a tenant's user wrote is not. The one who decides what a person asked for is the second
 * person; a request of an app has none yet.
 */
export function requestWithinRails(
  outcome: Outcome<TenantChange>,
  bounds: TrialBounds | null,
  { kind, reason, note }: Pick<StoredRequest, "kind" | "reason" | "note">,
  answer: string | null,
  catalogue: Catalogue,
): Outcome<TenantChange> {
  const isFromApp = kind === "feature";
  const binding = bounds && !isFromApp ? { ...bounds, approvals: null } : bounds;
  const within = withinRails(outcome, binding, answer || reason || (isFromApp ? null : note), catalogue);
  if (within.ok || !within.held) return within;
  return refuse(within.code, `${within.message} Choose fewer days, or grant it on the tenant's page.`);
}

/** Does what a request asks for, as of now. A preview and the grant both call it, so that they agree. */
export function requestedChange(
  facts: TenantFacts,
  { act, note }: Pick<StoredRequest, "act" | "note">,
  granting: Granting,
  catalogue: Catalogue,
  stamp: Stamp,
): Outcome<TenantChange> {
  const period = requestedPeriod(act, granting, stamp.now);
  switch (act.act) {
    case "try_feature": {
      const { feature } = act;
      const features = [{ feature, value: suggestedValue(catalogue, facts, feature) }];
      return grantTrial(facts, { features, endsAt: (period as { endsAt: Instant }).endsAt, note }, catalogue, stamp);
    }
    case "grant_trial": {
      // A start that passed while the request waited is now.
      const { startsAt, endsAt } = period as { startsAt: Instant; endsAt: Instant };
      const start = startsAt > stamp.now ? { startsAt } : {};
      const granted =
        act.bundle === undefined
          ? grantTrial(facts, { features: act.features, ...start, endsAt, note }, catalogue, stamp)
          : grantBundle(facts, { plan: act.bundle, ...start, endsAt, note }, catalogue, stamp);
      return withPlanAfter(granted, facts, act.planAfter, catalogue, stamp);
    }
    case "extend_trial":
      return extendGrant(facts, { grant: act.grant, endsAt: act.endsAt, note }, stamp);
    case "set_override": {
      const { feature, effect, value, endsAt } = act;
      const startsAt = act.startsAt !== null && act.startsAt > stamp.now ? { startsAt: act.startsAt } : {};
      return setOverride(facts, { feature, effect, value, ...startsAt, endsAt, note }, catalogue, stamp);
    }
    case "bulk":
    case "import_tenants":
    case "create_key":
    case "rotate_key":
      return refuse("value_invalid", "This is not about one tenant.");
    case "end_trial":
      return endGrant(facts, { grant: act.grant, note }, stamp);
  }
}
