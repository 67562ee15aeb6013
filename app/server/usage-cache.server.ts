import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import { counterStart, type MeteredFeature } from "~/core/usage";
import type { Database } from "~db/database";
import { readTotals, readTotalsSince, type Total } from "~db/store/usage.server";
import type { FactsCache } from "./facts-cache.server";

/** What is known of one tenant's consumption. Another object whenever a number is another one. */
export type UsageState = { readonly totals: ReadonlyMap<string, number> };

const nothing: UsageState = { totals: new Map() };
/** Tenants whose numbers are held; a few hundred bytes each. */
const mostHeld = 200_000;
/** Clocks of several nodes, and transactions that take their time, may be apart by so much, in milliseconds. */
const lookBack = 20_000;

const nameOf = (feature: string, periodStart: number) => `${feature}\n${periodStart}`;

export type UsageCache = ReturnType<typeof createUsageCache>;

/** Consumption of asked tenants in memory, so that a check reads no database. */
export function createUsageCache(db: Database, facts: FactsCache, now: () => Instant, log: Logger) {
  const held = new LRUCache<string, UsageState>({ max: mostHeld });
  const loading = new Map<string, Promise<UsageState>>();
  let readUntil = now();

  function meteredFeatures(): MeteredFeature[] {
    return meteredOf(facts.catalogue());
  }

  async function load(tenant: TenantFacts): Promise<UsageState> {
    try {
      const at = now();
      const counters = meteredFeatures().map((f) => ({ feature: f.key, periodStart: counterStart(f, tenant, at) }));
      const rows = await readTotals(db.read, db.tables, tenant.key, counters);
      // What was written meanwhile is in `held` already, and newer.
      const newer = held.get(tenant.key)?.totals ?? [];
      const state = { totals: new Map([...rows.map((r): [string, number] => [nameOf(r.feature, r.periodStart), r.used]), ...newer]) };
      held.set(tenant.key, state);
      return state;
    } finally {
      loading.delete(tenant.key);
    }
  }

  function put(total: Total, evenIfUnknown: boolean): void {
    const state = held.get(total.tenant);
    if (!state && !evenIfUnknown) return;
    const name = nameOf(total.feature, total.periodStart);
    if (state?.totals.get(name) === total.used) return;
    held.set(total.tenant, { totals: new Map([...(state?.totals ?? []), [name, total.used]]) });
  }

  return {
    /** At once for a tenant that is known. Rejects when the database cannot be read. */
    of(tenant: TenantFacts): UsageState | Promise<UsageState> {
      if (meteredFeatures().length === 0) return nothing;
      const state = loading.get(tenant.key) ?? held.get(tenant.key);
      if (state) return state;
      const started = load(tenant);
      loading.set(tenant.key, started);
      return started;
    },
    peek: (tenant: TenantFacts | null): UsageState | undefined =>
      tenant === null || meteredFeatures().length === 0 ? nothing : held.get(tenant.key),
    /** What this process has just committed. */
    took(totals: Total[]): void {
      for (const total of totals) put(total, loading.has(total.tenant));
    },
    /** Reads what other processes committed since the last look. */
    async follow(): Promise<void> {
      const from = readUntil - lookBack;
      const at = now();
      try {
        for (const total of await readTotalsSince(db.read, db.tables, from)) put(total, loading.has(total.tenant));
        readUntil = at;
      } catch (err) {
        log.debug({ err }, "usage cannot be read");
      }
    },
  };
}

/** How much of a feature the tenant has used in the period that holds `at`. */
export function usedOf(state: UsageState, feature: MeteredFeature, tenant: TenantFacts, at: Instant): Usage {
  return { used: state.totals.get(nameOf(feature.key, counterStart(feature, tenant, at))) ?? 0 };
}

export const noUsage = nothing;

const metered = new WeakMap<object, MeteredFeature[]>();
function meteredOf(catalogue: ReturnType<FactsCache["catalogue"]>): MeteredFeature[] {
  let list = metered.get(catalogue);
  if (!list) {
    list = [...catalogue.features.values()].filter((f): f is MeteredFeature => f.type === "metered");
    metered.set(catalogue, list);
  }
  return list;
}
