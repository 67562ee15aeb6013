import { describeValue } from "~/core/catalogue/catalogue-words";
import { mayConvert } from "~/core/grants/convert-trial";
import { endOf, type GrantState, grantStateOf } from "~/core/grants/grant-lifetime";
import type { Instant, Trial } from "~/core/model";
import type { TrialOutcome } from "~/core/trials/trial-chains";
import { checksWithin } from "~/core/trials/trial-use";
import type { Services } from "~/server/services.server";
import { type GrantRow, grantOf } from "~db/store/grants.server";
import { bundleLines } from "~db/store/trial-bundles.server";
import { type TrialOutcomeRow, trialOutcomesOf } from "~db/store/trial-outcomes.server";
import { checksOfTrials } from "~db/store/trial-use.server";
import { extendedAmong, tenantsOfTrials } from "~db/store/trials.server";
import { catalogueOfNames } from "./names.server";

export type TrialRow = {
  id: string;
  tenant: { key: string; name: string };
  feature: { key: string; name: string };
  /** The value of a feature that has one, or null. */
  gives: string | null;
  /** The tenant's present plan. */
  plan: { key: string; name: string } | null;
  givenBy: string;
  startsAt: Instant;
  /** The actual end. */
  endsAt: Instant;
  state: GrantState;
  /** Null while it is live or upcoming, and until the outcome is computed. */
  outcome: TrialOutcome | null;
  endedEarly: boolean;
  /** True if it may convert to a plan. */
  canConvert: boolean;
  checks: number;
  firstUsedAt: Instant | null;
  note: string | null;
  /** `features`: how many the line is about, or null if it is about this feature alone. */
  bundle: { id: string; key: string; plan: string; features: number | null; isMixed: boolean } | null;
  now: Instant;
};

/** `isBundled`: a trial of a bundle stands for its line. */
export async function trialRows(services: Services, grants: GrantRow[], now: Instant, isBundled: boolean): Promise<TrialRow[]> {
  const { readAside: q, tables: t } = services.db;
  const catalogue = await catalogueOfNames(services);
  const ids = grants.map(({ id }) => id);
  const tenants = await tenantsOfTrials(
    q,
    t,
    grants.map(({ tenant }) => tenant),
  );
  const trials = grants.map((row) => grantOf(row) as Trial);
  const extended = await extendedAmong(q, t, ids);
  const outcomes = await trialOutcomesOf(q, t, ids);
  const inBundles = isBundled ? trials.filter(({ bundle }) => bundle).map(({ id }) => id) : [];
  const lines = await bundleLines(q, t, inBundles);
  const times = trials.map((trial, i) => ({
    tenant: grants[i]?.tenant as string,
    feature: trial.feature,
    from: trial.startsAt,
    // A bundle may have hundreds of features, whose checks are on the tenant's page.
    to: lines.has(trial.id) ? trial.startsAt : Math.min(endOf(trial) as Instant, now + 1),
  }));
  const checks = await checksOfTrials(q, t, times);
  return trials.map((trial, i): TrialRow => {
    const { tenant, from, to } = times[i] as (typeof times)[number];
    const feature = catalogue.features.get(trial.feature);
    const plan = tenants.get(tenant)?.plan ?? null;
    const use = checksWithin(checks[i] ?? [], from, to);
    const endsAt = endOf(trial) as Instant;
    const state = grantStateOf(trial, now);
    const line = lines.get(trial.id);
    const outcome = () => (line && !extended.has(trial.id) ? ended(line.outcome) : outcomeOf(trial, extended, outcomes));
    return {
      id: trial.id,
      tenant: { key: tenant, name: tenants.get(tenant)?.name ?? tenant },
      feature: { key: trial.feature, name: feature?.name ?? trial.feature },
      gives: feature?.type === "boolean" ? null : describeValue(feature, trial.value),
      plan: plan === null ? null : { key: plan, name: catalogue.plans.get(plan)?.name ?? plan },
      givenBy: trial.createdBy,
      startsAt: trial.startsAt,
      endsAt,
      state,
      outcome: state === "ended" ? outcome() : null,
      endedEarly: state === "ended" && endsAt < trial.endsAt && !extended.has(trial.id),
      canConvert: state !== "ended" && mayConvert(plan, trial.feature, catalogue),
      checks: use.checks,
      firstUsedAt: use.firstAt,
      note: trial.note,
      bundle: trial.bundle
        ? {
            id: trial.bundle.id,
            key: trial.bundle.plan,
            plan: catalogue.plans.get(trial.bundle.plan)?.name ?? trial.bundle.plan,
            features: line?.trials ?? null,
            isMixed: line?.isMixed ?? false,
          }
        : null,
      now,
    };
  });
}

/** Whether it was extended is known at once; the rest is computed after the end. */
function outcomeOf({ id }: Trial, extended: Set<string>, outcomes: Map<string, TrialOutcomeRow>): TrialOutcome | null {
  if (extended.has(id)) return "extended";
  return ended(outcomes.get(id)?.outcome ?? null);
}

const ended = (outcome: TrialOutcome | null) => (outcome === "running" ? null : outcome);
