import { LRUCache } from "lru-cache";
import {
  type CounterSum,
  counterPeriodsAt,
  countersAt,
  distinctMeterings,
  distinctPeriods,
  periodKindAt,
  usedIn,
} from "~/core/decision/counters";
import { type Counter, counterOfTenantId, type MeteredFeature } from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import type { Database } from "~db/database";
import { totalsReader } from "~db/store/usage-feed.server";
import { readTotals, type Total } from "~db/store/usage-totals.server";

type CachedTotal = CounterSum & Pick<Total, "version">;

/** Sums of a tenant's counters. A new object whenever a number changes. */
export type UsageState = { readonly totals: ReadonlyMap<string, CachedTotal> };

/** The counters of totals at every instant from `since` until `until`, for these meters and this anchor. */
type CachedState = UsageState & { anchor: Instant | null; meters: string; since: Instant; until: Instant };
/** `newer`: totals committed while the tenant is loaded. */
type Loading = { state: Promise<UsageState>; newer: Map<string, CachedTotal> };

const nothing: UsageState = { totals: new Map() };
/** A few hundred bytes each. */
const maxTenants = 200_000;

function putNewer(totals: Map<string, CachedTotal>, name: string, { sum, setAt, version }: CachedTotal): void {
  if (version > (totals.get(name)?.version ?? -1)) totals.set(name, { sum, setAt, version });
}

export type UsageCache = ReturnType<typeof createUsageCache>;

/** Caches usage of requested tenants, so that checks do not query the database. */
export function createUsageCache(db: Database, facts: FactsCache, now: () => Instant) {
  const reader = totalsReader(db.read, db.tables);
  const cached = new LRUCache<string, CachedState>({ max: maxTenants });
  const loading = new Map<string, Loading>();
  /** Position up to which other processes' commits were read; see `totalsReader`. */
  let cursor: string | undefined;

  function isFor(state: CachedState, { usageAnchor = null }: TenantFacts, at: Instant): boolean {
    return at >= state.since && at < state.until && state.anchor === usageAnchor && state.meters === metersOf(facts.catalogue()).name;
  }

  async function load(tenant: TenantFacts, newer: Map<string, CachedTotal>): Promise<UsageState> {
    try {
      for (;;) {
        const [at, meters] = [now(), metersOf(facts.catalogue())];
        const periods = distinctPeriods(meters.distinct.flatMap((metering) => counterPeriodsAt(metering, tenant, at)));
        const read = await readTotals(db.read, db.tables, tenant.key, periods);
        // A reset period was changed while they were read, so other counters may be needed.
        if (meters.name !== metersOf(facts.catalogue()).name) continue;
        const empty = { anchor: tenant.usageAnchor ?? null, meters: meters.name, ...spanOf(meters.distinct, tenant, at) };
        const totals = new Map<string, CachedTotal>();
        for (const total of read) {
          const feature = meters.byKey.get(total.feature);
          const isWanted = feature?.periodChanges ? isPresent(empty, total) : feature?.meter.resetPeriod === total.periodKind;
          if (isWanted) putNewer(totals, counterOfTenantId(total), total);
        }
        for (const [name, total] of newer) putNewer(totals, name, total);
        const state = { totals, ...empty };
        cached.set(tenant.key, state);
        return state;
      }
    } catch (error) {
      // The last known totals are better than none; an unknown period starts at zero.
      const before = cached.get(tenant.key);
      if (before) return before;
      throw error;
    } finally {
      loading.delete(tenant.key);
    }
  }

  function put(total: Total): void {
    const name = counterOfTenantId(total);
    const newer = loading.get(total.tenant)?.newer;
    if (newer) putNewer(newer, name, total);
    const state = cached.peek(total.tenant);
    const before = state?.totals.get(name);
    if (!state || total.version <= (before?.version ?? -1) || !isPresent(state, total)) return;
    const { sum, setAt, version } = total;
    cached.set(total.tenant, { ...state, totals: new Map([...state.totals, [name, { sum, setAt, version }]]) });
  }

  /** Totals of other periods are not cached; they are read when needed. */
  function isPresent({ anchor, since }: Pick<CachedState, "anchor" | "since">, { feature, periodKind, periodStart }: Counter): boolean {
    const metered = metersOf(facts.catalogue()).byKey.get(feature);
    if (!metered) return false;
    const periods = counterPeriodsAt(metered, { usageAnchor: anchor }, since);
    return periods.some((period) => period.periodKind === periodKind && period.periodStart === periodStart);
  }

  return {
    /** Call before the first read: later commits are not missed. */
    async start(): Promise<void> {
      cursor = await reader.start();
    },
    /** Synchronous for cached tenants. Rejects if the database cannot be read. */
    of(tenant: TenantFacts): UsageState | Promise<UsageState> {
      if (metersOf(facts.catalogue()).distinct.length === 0) return nothing;
      const state = cached.get(tenant.key);
      if (state && isFor(state, tenant, now())) return state;
      const known = loading.get(tenant.key);
      if (known) return known.state;
      const newer = new Map<string, CachedTotal>();
      const started = { state: load(tenant, newer), newer };
      loading.set(tenant.key, started);
      return started.state;
    },
    /** The state an answer was made from, if unchanged. The caller checks the answer's expiry. */
    peek(tenant: TenantFacts | null): UsageState | undefined {
      const { distinct, name } = metersOf(facts.catalogue());
      if (tenant === null || distinct.length === 0) return nothing;
      const state = cached.get(tenant.key);
      return state?.meters === name ? state : undefined;
    },
    /** Stores totals this process just committed. */
    took(totals: Total[]): void {
      for (const total of totals) put(total);
    },
    /** Reads what other processes committed since the last call. */
    async follow(): Promise<void> {
      if (cursor === undefined) return;
      const read = await reader.since(cursor);
      for (const total of read.totals) put(total);
      cursor = read.cursor;
    },
    held: () => ({ tenants: cached.size, loading: loading.size }),
  };
}

/** A tenant's usage of a feature in the period that contains `at`. */
export function usedOf({ totals }: UsageState, feature: MeteredFeature, tenant: TenantFacts, at: Instant): Usage {
  return { used: usedIn(countersAt(feature, tenant, at), (counter) => totals.get(counterOfTenantId(counter))) };
}

export const noUsage = nothing;

/** The instants around `at` between which no counter resets and no reset period changes. */
function spanOf(meterings: MeteredFeature[], { usageAnchor }: TenantFacts, at: Instant): { since: Instant; until: Instant } {
  const bounds = meterings.flatMap((metering) => {
    const { start, end } = usagePeriod(periodKindAt(metering, at), at, usageAnchor);
    return [start ?? Number.NEGATIVE_INFINITY, end ?? Number.POSITIVE_INFINITY, ...(metering.periodChanges ?? []).map((c) => c.at)];
  });
  return { since: Math.max(...bounds.filter((bound) => bound <= at)), until: Math.min(...bounds.filter((bound) => bound > at)) };
}

/** `distinct`: see `distinctMeterings`. `name` changes with the set of meters. */
type Meters = { byKey: Map<string, MeteredFeature>; distinct: MeteredFeature[]; name: string };

const known = new WeakMap<object, Meters>();
function metersOf(catalogue: ReturnType<FactsCache["catalogue"]>): Meters {
  let meters = known.get(catalogue);
  if (!meters) {
    const list = [...catalogue.features.values()].filter((f): f is MeteredFeature => f.type === "metered");
    const name = list.map((f) => `${f.key} ${f.meter.resetPeriod} ${JSON.stringify(f.periodChanges ?? [])}`).join("\n");
    meters = { byKey: new Map(list.map((f) => [f.key, f])), distinct: distinctMeterings(list), name };
    known.set(catalogue, meters);
  }
  return meters;
}
