import { LRUCache } from "lru-cache";
import { type Counter, counterAt, counterOfTenantId, counterPeriodAt, type MeteredFeature } from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import type { Instant, ResetPeriod, TenantFacts, Usage } from "~/core/model";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import type { Database } from "~db/database";
import { totalsReader } from "~db/store/usage-feed.server";
import { readTotals, type Total } from "~db/store/usage-totals.server";

type CachedTotal = Pick<Total, "used" | "version">;

/** A tenant's usage totals by counter. A new object whenever a number changes. */
export type UsageState = { readonly totals: ReadonlyMap<string, CachedTotal> };

/** Counters of the periods that contain every instant from `since` until `until`, for these meters and this anchor. */
type CachedState = UsageState & { anchor: Instant | null; meters: string; since: Instant; until: Instant };
/** `newer`: totals committed while the tenant is loaded. */
type Loading = { state: Promise<UsageState>; newer: Map<string, CachedTotal> };

const nothing: UsageState = { totals: new Map() };
/** A few hundred bytes each. */
const maxTenants = 200_000;

function putNewer(totals: Map<string, CachedTotal>, name: string, { used, version }: CachedTotal): void {
  if (version > (totals.get(name)?.version ?? -1)) totals.set(name, { used, version });
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
    const [at, { byKey, kinds, name: meters }] = [now(), metersOf(facts.catalogue())];
    try {
      const periods = kinds.map((kind) => counterPeriodAt(kind, tenant, at));
      const totals = new Map<string, CachedTotal>();
      for (const total of await readTotals(db.read, db.tables, tenant.key, periods)) {
        if (byKey.get(total.feature)?.meter.resetPeriod === total.periodKind) putNewer(totals, counterOfTenantId(total), total);
      }
      for (const [name, total] of newer) putNewer(totals, name, total);
      const state = { totals, anchor: tenant.usageAnchor ?? null, meters, ...spanOf(kinds, tenant, at) };
      cached.set(tenant.key, state);
      return state;
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
    const { used, version } = total;
    cached.set(total.tenant, { ...state, totals: new Map([...state.totals, [name, { used, version }]]) });
  }

  /** Totals of other periods are not cached; they are read when needed. */
  function isPresent({ anchor, since }: CachedState, counter: Counter): boolean {
    const feature = metersOf(facts.catalogue()).byKey.get(counter.feature);
    return feature !== undefined && counterOfTenantId(counterAt(feature, { usageAnchor: anchor }, since)) === counterOfTenantId(counter);
  }

  return {
    /** Call before the first read: later commits are not missed. */
    async start(): Promise<void> {
      cursor = await reader.start();
    },
    /** Synchronous for cached tenants. Rejects if the database cannot be read. */
    of(tenant: TenantFacts): UsageState | Promise<UsageState> {
      if (metersOf(facts.catalogue()).list.length === 0) return nothing;
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
    peek: (tenant: TenantFacts | null): UsageState | undefined =>
      tenant === null || metersOf(facts.catalogue()).list.length === 0 ? nothing : cached.get(tenant.key),
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
export function usedOf(state: UsageState, feature: MeteredFeature, tenant: TenantFacts, at: Instant): Usage {
  return { used: state.totals.get(counterOfTenantId(counterAt(feature, tenant, at)))?.used ?? 0 };
}

export const noUsage = nothing;

/** The instants around `at` between which no counter resets. */
function spanOf(kinds: ResetPeriod[], { usageAnchor }: TenantFacts, at: Instant): { since: Instant; until: Instant } {
  const periods = kinds.map((kind) => usagePeriod(kind, at, usageAnchor));
  const since = Math.max(...periods.map((p) => p.start ?? Number.NEGATIVE_INFINITY));
  const until = Math.min(...periods.map((p) => p.end ?? Number.POSITIVE_INFINITY));
  return { since, until };
}

/** `name` changes with the set of meters. */
type Meters = { list: MeteredFeature[]; byKey: Map<string, MeteredFeature>; kinds: ResetPeriod[]; name: string };

const known = new WeakMap<object, Meters>();
function metersOf(catalogue: ReturnType<FactsCache["catalogue"]>): Meters {
  let meters = known.get(catalogue);
  if (!meters) {
    const list = [...catalogue.features.values()].filter((f): f is MeteredFeature => f.type === "metered");
    const name = list.map((f) => `${f.key} ${f.meter.resetPeriod}`).join("\n");
    const kinds = [...new Set(list.map((f) => f.meter.resetPeriod))];
    meters = { list, byKey: new Map(list.map((f) => [f.key, f])), kinds, name };
    known.set(catalogue, meters);
  }
  return meters;
}
