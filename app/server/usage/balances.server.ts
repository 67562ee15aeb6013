import { counterAt, countersOfTenant, periodKindAt, usedIn } from "~/core/decision/counters";
import { decide } from "~/core/decision/decide";
import { type Counter, counterId, type MeteredFeature } from "~/core/decision/usage";
import { usagePeriod } from "~/core/decision/usage-period";
import type { Instant, Limit, TenantFacts } from "~/core/model";
import { isoOrNull } from "~/core/time";
import type { Services } from "~/server/services.server";
import { readTotalsOf, type Total } from "~db/store/usage-totals.server";

/** A tenant's metered feature in the period that contains `at`. */
export type Counted = { tenant: TenantFacts; feature: MeteredFeature; at: Instant };

/** A period's total, its end, and what is left of the tenant's current limit. */
export type Balance = { used: number; remaining: Limit; resetsAt: string | null };

export const counterOf = ({ tenant, feature, at }: Counted): Counter => ({ tenant: tenant.key, ...counterAt(feature, tenant, at) });

/** `known` are totals that were just written; the rest is read. */
export async function balancesOf({ db, facts, posthog, now }: Services, counted: Counted[], known: Total[]) {
  const wanted = new Map(counted.map((c) => [counterId(counterOf(c)), c]));
  const sums = new Map(known.map((total) => [counterId(total), total]));
  const all = [...wanted.values()].flatMap(({ tenant, feature, at }) => countersOfTenant(feature, tenant, at));
  const missing = all.filter((counter) => !sums.has(counterId(counter)));
  for (const total of await readTotalsOf(db.read, db.tables, missing)) sums.set(counterId(total), total);

  const balances = new Map<string, Balance>();
  for (const [name, { tenant, feature, at }] of wanted) {
    const flags = feature.flag ? await posthog?.flags.of(tenant, undefined, [feature.key]) : undefined;
    const catalogue = facts.catalogue();
    const usage = { used: usedIn(countersOfTenant(feature, tenant, at), (counter) => sums.get(counterId(counter))) };
    const flag = feature.flag ? flags?.readings.get(feature.flag.key) : undefined;
    const { amount, consumption } = decide({ tenant, catalogue, feature: feature.key, now: now(), usage, flag });
    const { end } = usagePeriod(periodKindAt(feature, at), at, tenant.usageAnchor);
    const remaining = (amount ?? consumption)?.remaining ?? 0;
    balances.set(name, { ...usage, remaining, resetsAt: isoOrNull(end) });
  }
  return (c: Counted) => balances.get(counterId(counterOf(c))) as Balance;
}
