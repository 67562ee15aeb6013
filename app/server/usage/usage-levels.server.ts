import type { Catalogue } from "~/core/catalogue/catalogue";
import { type CounterSum, countersAt, distinctMeterings, distinctPeriods, totalOf, usedIn } from "~/core/decision/counters";
import { type Decision, decide } from "~/core/decision/decide";
import { type Counter, counterOfTenantId, type MeteredFeature, shownUsed } from "~/core/decision/usage";
import { type Period, usagePeriod } from "~/core/decision/usage-period";
import type { FlagReading, Instant, Limit, TenantFacts } from "~/core/model";
import { minute } from "~/core/time";
import { fillOf } from "~/core/usage/limit-fill";
import type { Database } from "~db/database";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readLastFlags } from "~db/store/usage-levels.server";
import { readPeriodTotals } from "~db/store/usage-totals.server";

/** No feed says when a flag's value changed. */
const flagsAreReadAgainAfter = 10 * minute;

/** Use of one metered feature by one tenant, decided by the decision function. */
export type UsageLevel = {
  tenant: TenantFacts;
  feature: MeteredFeature;
  used: number;
  /** In the period before, 0 if that was of another kind; null if the feature never resets. */
  previous: number | null;
  /** Null if the tenant does not have the feature. */
  limit: Limit | null;
  fill: number;
  period: Period;
  /** The newest `set` in the period; null if there was none. */
  setAt: Instant | null;
  /** When time alone changes it; null: never. */
  dueAt: Instant | null;
  decision: Decision;
};

type Parts = { db: Database; catalogue: Catalogue; now: Instant };

const active = (catalogue: Catalogue) =>
  [...catalogue.features.values()].filter((f): f is MeteredFeature => f.type === "metered" && f.archivedAt === null);

/** The counters of the period before; null if the feature never resets. */
function countersBefore(feature: MeteredFeature, tenant: TenantFacts, { start }: Period): Omit<Counter, "tenant">[] | null {
  if (start === null) return null;
  const counters = countersAt(feature, tenant, start - 1);
  return counters[0].periodKind === feature.meter.resetPeriod ? counters : [];
}

/**
 * Metered features that these tenants used in the current or the previous period, by tenant. Archived tenants are
 * omitted. Flags have their last known values.
 */
export async function usageLevelsOf({ db, catalogue, now }: Parts, keys: string[]): Promise<Map<string, UsageLevel[]>> {
  const { readAside: q, tables } = db;
  const features = active(catalogue);
  const distinct = distinctMeterings(features);
  const current = await readCurrentTenants(q, tables, keys, () => catalogue, now);
  const tenants = [...current.facts.values()].flatMap((tenant) => tenant ?? []).filter(({ status }) => status !== "archived");
  const wanted = tenants.flatMap((tenant) =>
    distinctPeriods(
      distinct.flatMap((f) => {
        const before = countersBefore(f, tenant, usagePeriod(f.meter.resetPeriod, now, tenant.usageAnchor));
        return [...countersAt(f, tenant, now), ...(before ?? [])];
      }),
    ).map((period) => ({ tenant: tenant.key, ...period })),
  );
  const totals = await readPeriodTotals(q, tables, wanted);
  const byTenant = new Map<string, Map<string, CounterSum>>();
  for (const total of totals) {
    byTenant.set(total.tenant, (byTenant.get(total.tenant) ?? new Map()).set(counterOfTenantId(total), total));
  }
  const linked = features.some((f) => f.flag);
  const flags = linked ? await readLastFlags(q, tables, [...byTenant.keys()]) : new Map<string, Map<string, never>>();
  const levels = new Map<string, UsageLevel[]>();
  for (const tenant of tenants) {
    const own = byTenant.get(tenant.key);
    if (!own) continue;
    const list = features.flatMap((feature): UsageLevel[] => {
      const period = usagePeriod(feature.meter.resetPeriod, now, tenant.usageAnchor);
      const before = countersBefore(feature, tenant, period);
      const sumOf = (counter: Omit<Counter, "tenant">) => own.get(counterOfTenantId(counter));
      const total = totalOf(countersAt(feature, tenant, now), sumOf);
      const previous = before && usedIn(before, sumOf);
      const used = shownUsed(total.sum);
      if (used === 0 && !previous) return [];
      const last = feature.flag ? flags.get(tenant.key)?.get(feature.flag.key) : undefined;
      const flag: FlagReading | undefined = feature.flag ? { state: "unknown", ...(last ? { last } : {}) } : undefined;
      const decision = decide({ tenant, catalogue, feature: feature.key, now, usage: { used }, flag });
      const limit = decision.amount?.limit ?? null;
      const dueAt = earliest(decision.validUntil, feature.flag ? now + flagsAreReadAgainAfter : null);
      return [{ tenant, feature, used, previous, limit, fill: fillOf(used, limit), period, setAt: total.setAt, dueAt, decision }];
    });
    if (list.length > 0) levels.set(tenant.key, list);
  }
  return levels;
}

const earliest = (a: Instant | null, b: Instant | null) => (a === null ? b : b === null ? a : Math.min(a, b));
