import type { Instant, MeterSettings, PeriodChange, ResetPeriod, TenantFacts } from "~/core/model";
import { type Counter, type CounterPeriod, type CounterState, counterPeriodAt, type MeteredFeature, shownUsed } from "./usage";
import { maxPeriodMs } from "./usage-period";

type Anchored = Pick<TenantFacts, "usageAnchor">;
type TenantCounter = Omit<Counter, "tenant">;
/** The part of a feature that names its counters. */
type Metering = { meter: Pick<MeterSettings, "resetPeriod">; periodChanges?: readonly PeriodChange[] };

/** A kind of period in force, the instant that is counted in it, and the change that began it. */
type InForce = { periodKind: ResetPeriod; instant: Instant; begunBy: PeriodChange | undefined };

/** The kind in force at `at`, then those before it, each at the instant of the change that ended it. */
function* kindsBackFrom({ meter, periodChanges: changes = [] }: Metering, at: Instant): Generator<InForce, void> {
  const next = changes.findIndex((change) => at < change.at);
  let instant = at;
  for (let made = next === -1 ? changes.length : next; made >= 0; made -= 1) {
    const begunBy = changes[made - 1];
    yield { periodKind: changes[made]?.from ?? meter.resetPeriod, instant, begunBy };
    instant = begunBy?.at ?? instant;
  }
}

/**
 * The periods of the counters that the total at `at` is the sum of: that of what happens then, and those carried to it,
 * newest first. The first period after a change of the reset period begins with the change.
 */
export function counterPeriodsAt(metering: Metering, tenant: Anchored, at: Instant): CounterPeriod[] {
  const periods: CounterPeriod[] = [];
  for (const { periodKind, instant, begunBy } of kindsBackFrom(metering, at)) {
    const natural = counterPeriodAt(periodKind, tenant, instant);
    const isFirst = begunBy !== undefined && begunBy.at >= natural.periodStart;
    periods.push(isFirst ? { periodKind, periodStart: begunBy.at } : natural);
    if (!isFirst || begunBy.counts === "zero") break;
  }
  return periods;
}

/** The counters that the feature's total at `at` is the sum of, newest first. See `counterPeriodsAt`. */
export function countersAt(feature: MeteredFeature, tenant: Anchored, at: Instant): [TenantCounter, ...TenantCounter[]] {
  const { key, meter, periodChanges } = feature;
  if (!periodChanges) return [{ feature: key, ...counterPeriodAt(meter.resetPeriod, tenant, at) }];
  return counterPeriodsAt(feature, tenant, at).map((period) => ({ feature: key, ...period })) as [TenantCounter, ...TenantCounter[]];
}

/** The feature's counter of what happens at `at`. */
export const counterAt = (feature: MeteredFeature, tenant: Anchored, at: Instant): TenantCounter => countersAt(feature, tenant, at)[0];

/** The same counters with the tenant's key. */
export const countersOfTenant = (feature: MeteredFeature, tenant: Pick<TenantFacts, "key" | "usageAnchor">, at: Instant): Counter[] =>
  countersAt(feature, tenant, at).map((counter) => ({ tenant: tenant.key, ...counter }));

/** `setAt`: the time of the newest `set` in it, or null. */
export type CounterSum = Pick<CounterState, "sum" | "setAt">;

/** The total of counters as `countersAt` returns them. A `set` replaces what was carried. */
export function totalOf<Of>(counters: readonly Of[], sumOf: (counter: Of) => CounterSum | undefined): CounterSum {
  let sum = 0n;
  for (const counter of counters) {
    const found = sumOf(counter);
    sum += found?.sum ?? 0n;
    if (found && found.setAt !== null) return { sum, setAt: found.setAt };
  }
  return { sum, setAt: null };
}

/** The displayed total of counters as `countersAt` returns them. */
export const usedIn = <Of>(counters: readonly Of[], sumOf: (counter: Of) => CounterSum | undefined): number =>
  shownUsed(totalOf(counters, sumOf).sum);

/** The kind of period in force at an instant. */
export const periodKindAt = ({ meter, periodChanges }: Metering, at: Instant): ResetPeriod =>
  periodChanges?.find((change) => at < change.at)?.from ?? meter.resetPeriod;

/** The kinds and earliest starts of the periods that any tenant's total at `at` may be the sum of. */
export function counterRangesAt(metering: Metering, at: Instant): { periodKind: ResetPeriod; since: Instant }[] {
  const ranges: { periodKind: ResetPeriod; since: Instant }[] = [];
  for (const { periodKind, instant, begunBy } of kindsBackFrom(metering, at)) {
    const earliest = instant - maxPeriodMs[periodKind];
    ranges.push({ periodKind, since: Math.max(earliest, begunBy?.at ?? -1) });
    if (!begunBy || begunBy.counts === "zero" || begunBy.at < earliest) break;
  }
  return ranges;
}

/** One of the features of each reset period and its changes. The others have counters of the same periods. */
export const distinctMeterings = (features: Iterable<MeteredFeature>): MeteredFeature[] => [
  ...new Map([...features].map((f) => [`${f.meter.resetPeriod}${f.periodChanges ? JSON.stringify(f.periodChanges) : ""}`, f])).values(),
];

export const distinctPeriods = (periods: CounterPeriod[]): CounterPeriod[] => [
  ...new Map(
    periods.map(({ periodKind, periodStart }) => [`${periodKind}\n${periodStart}`, { periodKind, periodStart }] as const),
  ).values(),
];
