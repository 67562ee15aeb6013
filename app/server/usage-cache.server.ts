import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import { counterStart, type MeteredFeature } from "~/core/usage";
import { usagePeriod } from "~/core/usage-period";
import type { Database } from "~db/database";
import { readTotals, type Total, totalsSinceReader } from "~db/store/usage.server";
import type { FactsCache } from "./facts-cache.server";

/** What is known of one tenant's consumption. Another object whenever a number is another one. */
export type UsageState = { readonly totals: ReadonlyMap<string, number> };

/** Counters of the periods that hold every instant from `since` until `until`, for these meters and this anchor. */
type Held = UsageState & { anchor: Instant | null; meters: string; since: Instant; until: Instant };
type Loading = { state: Promise<UsageState>; newer: Map<string, number> };

const nothing: UsageState = { totals: new Map() };
/** Tenants whose numbers are held; a few hundred bytes each. */
const mostHeld = 200_000;
/** Clocks of several nodes, and transactions that take their time, may be apart by so much, in milliseconds: most of the time … */
const lookBack = 2_000;
/** … and now and then, which is looked after less often, since it means to read the same again. */
const farLookBack = 20_000;
const farEvery = 10_000;

const nameOf = (feature: string, periodStart: number) => `${feature}\n${periodStart}`;

const counterName = ({ tenant, feature, periodStart }: Total) => `${nameOf(feature, periodStart)}\n${tenant}`;

export type UsageCache = ReturnType<typeof createUsageCache>;

/** Consumption of asked tenants in memory, so that a check reads no database. */
export function createUsageCache(db: Database, facts: FactsCache, now: () => Instant, log: Logger) {
  const readTotalsSince = totalsSinceReader(db.read, db.tables);
  const held = new LRUCache<string, Held>({ max: mostHeld });
  const loading = new Map<string, Loading>();
  let readUntil = now();
  let readFarAt = readUntil;
  /** What this process committed while it reads what others did: what it reads may be older. */
  let tookMeanwhile: Set<string> | undefined;

  function isFor(state: Held, { usageAnchor = null }: TenantFacts, at: Instant): boolean {
    return at >= state.since && at < state.until && state.anchor === usageAnchor && state.meters === metersOf(facts.catalogue()).name;
  }

  async function load(tenant: TenantFacts, newer: Map<string, number>): Promise<UsageState> {
    const [at, { list, name: meters }] = [now(), metersOf(facts.catalogue())];
    try {
      const counters = list.map((f) => ({ feature: f.key, periodStart: counterStart(f, tenant, at) }));
      const rows = await readTotals(db.read, db.tables, tenant.key, counters);
      const read = rows.map((r): [string, number] => [nameOf(r.feature, r.periodStart), r.used]);
      const state = { totals: new Map([...read, ...newer]), anchor: tenant.usageAnchor ?? null, meters, ...spanOf(list, tenant, at) };
      held.set(tenant.key, state);
      return state;
    } catch (error) {
      // What was last known is better than no answer: a period that nothing is known of has just begun.
      const before = held.get(tenant.key);
      if (before) return before;
      throw error;
    } finally {
      loading.delete(tenant.key);
    }
  }

  function put({ tenant, feature, periodStart, used }: Total): void {
    const name = nameOf(feature, periodStart);
    loading.get(tenant)?.newer.set(name, used);
    const state = held.peek(tenant);
    if (!state || state.totals.get(name) === used || !isPresent(state, feature, periodStart)) return;
    held.set(tenant, { ...state, totals: new Map([...state.totals, [name, used]]) });
  }

  /** Others are read when their time comes; what is over would pile up. */
  function isPresent({ anchor, since }: Held, key: string, periodStart: number): boolean {
    const feature = metersOf(facts.catalogue()).byKey.get(key);
    return feature !== undefined && counterStart(feature, { usageAnchor: anchor }, since) === periodStart;
  }

  return {
    /** At once for a tenant that is known. Rejects when the database cannot be read. */
    of(tenant: TenantFacts): UsageState | Promise<UsageState> {
      if (metersOf(facts.catalogue()).list.length === 0) return nothing;
      const state = held.get(tenant.key);
      if (state && isFor(state, tenant, now())) return state;
      const known = loading.get(tenant.key);
      if (known) return known.state;
      const newer = new Map<string, number>();
      const started = { state: load(tenant, newer), newer };
      loading.set(tenant.key, started);
      return started.state;
    },
    /** Whether it is still what an answer was made from; that the answer's time is not over is for others to see. */
    peek: (tenant: TenantFacts | null): UsageState | undefined =>
      tenant === null || metersOf(facts.catalogue()).list.length === 0 ? nothing : held.get(tenant.key),
    /** What this process has just committed. */
    took(totals: Total[]): void {
      for (const total of totals) {
        tookMeanwhile?.add(counterName(total));
        put(total);
      }
    },
    /** Reads what other processes committed since the last look. */
    async follow(): Promise<void> {
      const at = now();
      const isFar = at - readFarAt >= farEvery || at < readUntil;
      const from = Math.min(readUntil, at) - (isFar ? farLookBack : lookBack);
      try {
        const mine = new Set<string>();
        tookMeanwhile = mine;
        for (const total of await readTotalsSince(from)) if (!mine.has(counterName(total))) put(total);
        readUntil = at;
        if (isFar) readFarAt = at;
      } catch (err) {
        log.debug({ err }, "usage cannot be read");
      } finally {
        tookMeanwhile = undefined;
      }
    },
    held: () => ({ tenants: held.size, loading: loading.size }),
  };
}

/** How much of a feature the tenant has used in the period that holds `at`. */
export function usedOf(state: UsageState, feature: MeteredFeature, tenant: TenantFacts, at: Instant): Usage {
  return { used: state.totals.get(nameOf(feature.key, counterStart(feature, tenant, at))) ?? 0 };
}

export const noUsage = nothing;

/** The instants around `at` in which no counter begins anew. */
function spanOf(features: MeteredFeature[], { usageAnchor }: TenantFacts, at: Instant): { since: Instant; until: Instant } {
  const periods = features.map((f) => usagePeriod(f.meter.resetPeriod, at, usageAnchor));
  const since = Math.max(...periods.map((p) => p.start ?? Number.NEGATIVE_INFINITY));
  const until = Math.min(...periods.map((p) => p.end ?? Number.POSITIVE_INFINITY));
  return { since, until };
}

/** `name` is another one when other counters count. */
type Meters = { list: MeteredFeature[]; byKey: Map<string, MeteredFeature>; name: string };

const known = new WeakMap<object, Meters>();
function metersOf(catalogue: ReturnType<FactsCache["catalogue"]>): Meters {
  let meters = known.get(catalogue);
  if (!meters) {
    const list = [...catalogue.features.values()].filter((f): f is MeteredFeature => f.type === "metered");
    const name = list.map((f) => `${f.key} ${f.meter.resetPeriod}`).join("\n");
    meters = { list, byKey: new Map(list.map((f) => [f.key, f])), name };
    known.set(catalogue, meters);
  }
  return meters;
}
