import type { Catalogue } from "~/core/catalogue/catalogue";
import { countersAt, distinctMeterings, distinctPeriods, periodKindAt, usedIn } from "~/core/decision/counters";
import { counterOfTenantId, type MeteredFeature } from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import { endOf } from "~/core/grants/grant-lifetime";
import type { Grant, Instant, Limit, TenantFacts } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { fillOf } from "~/core/usage/limit-fill";
import { lastPeriods } from "~/core/usage/period-history";
import { projectedUse } from "~/core/usage/projection";
import type { Services } from "~/server/services.server";
import { countsBySource, countsOfFeatures } from "~db/store/check-counts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { readAddedByDay } from "~db/store/usage-daily.server";
import { readTotals } from "~db/store/usage-totals.server";

const historyPeriods = 12;
/** The newest trials that started within the days for which counts are kept. */
export const maxSummaryTrials = 50;
const maxTrialDays = 366;

type Parts = Pick<Services, "db" | "facts">;
type Consumed = { feature: string; limit: Limit; used: number; setAt: Instant | null };

/** Adds to each consumed feature its fill, its projection and its last 12 periods, oldest first. */
export async function withHistory<Row extends Consumed>({ db, facts }: Parts, tenant: TenantFacts, now: Instant, rows: Row[]) {
  const catalogue = facts.catalogue();
  const metered = rows.flatMap(({ feature: key }) => {
    const feature = catalogue.features.get(key);
    return feature?.type === "metered" ? [feature] : [];
  });
  const kinds = [...new Set(metered.map(({ meter }) => meter.resetPeriod))];
  const byKind = new Map(kinds.map((kind) => [kind, lastPeriods(kind, tenant, now, historyPeriods)]));
  const periodsOf = ({ meter }: MeteredFeature) => byKind.get(meter.resetPeriod) ?? [];
  /** None if the period was of another kind then. */
  const countersOf = (feature: MeteredFeature, { last }: { last: Instant }) =>
    periodKindAt(feature, last) === feature.meter.resetPeriod ? countersAt(feature, tenant, last) : [];
  const wanted = distinctMeterings(metered).flatMap((f) => periodsOf(f).flatMap((period) => countersOf(f, period)));
  const read = await readTotals(db.readAside, db.tables, tenant.key, distinctPeriods(wanted));
  const totals = new Map(read.map((total) => [counterOfTenantId(total), total]));
  const byKey = new Map(metered.map((feature) => [feature.key, feature]));
  return rows.map((row) => {
    const feature = byKey.get(row.feature);
    const history = (feature ? periodsOf(feature) : []).map((period) => ({
      start: period.start,
      used: feature ? usedIn(countersOf(feature, period), (counter) => totals.get(counterOfTenantId(counter))) : 0,
    }));
    const projected = projectedUse({ ...row, period: usagePeriod(feature?.meter.resetPeriod ?? "never", now, tenant.usageAnchor) }, now);
    return { ...row, fill: fillOf(row.used, row.limit), projected, previous: history.at(-2)?.used ?? null, history };
  });
}

export const readSources = ({ db }: Parts, tenant: string, from: string) => countsBySource(db.readAside, db.tables, tenant, from);

/** Checks and additions of each trial's feature on the UTC days of the trial, the newest trial first. */
export async function readTrialUse({ db, facts }: Parts, tenant: string, now: Instant) {
  const { readAside: q, tables } = db;
  const since = now - maxTrialDays * day;
  const trials = (await grantsOfTenant(q, tables, tenant))
    .map(grantOf)
    .filter((grant): grant is Grant & { kind: "trial" } => grant.kind === "trial" && grant.startsAt >= since && grant.startsAt <= now)
    .sort((a, b) => b.startsAt - a.startsAt)
    .slice(0, maxSummaryTrials);
  const features = [...new Set(trials.map(({ feature }) => feature))];
  const from = isoDay(Math.min(now, ...trials.map(({ startsAt }) => startsAt)));
  const checks = await countsOfFeatures(q, tables, tenant, features, from);
  const added = await readAddedByDay(q, tables, tenant, features, from);
  return trials.map((trial) => {
    const end = Math.min(endOf(trial) ?? now, now);
    const [first, last] = [isoDay(trial.startsAt), isoDay(Math.max(trial.startsAt, end - 1))];
    const isDuring = (row: { feature: string; day: string }) => row.feature === trial.feature && row.day >= first && row.day <= last;
    const feature = facts.catalogue().features.get(trial.feature);
    return {
      id: trial.id,
      feature: trial.feature,
      name: feature?.name ?? trial.feature,
      from: first,
      to: last,
      checks: checks.filter(isDuring).reduce((sum, { count }) => sum + count, 0),
      added: feature?.type === "metered" ? added.filter(isDuring).reduce((sum, one) => sum + one.added, 0) : null,
    };
  });
}

/** Features of the tenant's plan and add-ons that no check named. */
export function featuresNotAsked(catalogue: Catalogue, tenant: TenantFacts, asked: ReadonlySet<string>) {
  const plans = [tenant.plan, ...tenant.addOns.map(({ plan }) => plan)];
  const given = new Set(plans.flatMap((plan) => [...(plan === null ? [] : (catalogue.gives.get(plan)?.keys() ?? []))]));
  return [...given].flatMap((key) => {
    const feature = catalogue.features.get(key);
    return feature && feature.archivedAt === null && !asked.has(key) ? [{ key, name: feature.name }] : [];
  });
}
