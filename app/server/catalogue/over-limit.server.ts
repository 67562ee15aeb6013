import type { TenantCount } from "~/core/catalogue/effect-words";
import { counterRangesAt, countersOfTenant, usedIn } from "~/core/decision/counters";
import { counterId, type MeteredFeature } from "~/core/decision/usage";
import type { CompiledChange } from "~/core/impact/catalogue-difference";
import { effectsFor } from "~/core/impact/impact";
import { isLowerLimit } from "~/core/impact/tenant-effects";
import type { Limit } from "~/core/model";
import type { Services } from "~/server/services.server";
import { countersAbove } from "~db/store/feature-use.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { readTotalsOf } from "~db/store/usage-totals.server";
import type { Pace } from "./pace.server";

/** Features whose limits fall, and counters of each, that an estimate reads. */
const maxFeatures = 10;
const maxCounters = 2_000;
const batchSize = 250;

/** The features whose limit falls in some plan, with the lowest one that it falls to. */
function fallingLimits({ from, to, difference }: CompiledChange): { feature: MeteredFeature; lowest: number }[] {
  const lowest = new Map<string, number>();
  for (const [plan, features] of difference.changedPlans) {
    for (const key of features) {
      const [was, is] = [from, to].map((c) => c.gives.get(plan)?.get(key)?.value as Limit | undefined);
      if (typeof is === "number" && (was === "unlimited" || (was ?? 0) > is)) lowest.set(key, Math.min(is, lowest.get(key) ?? is));
    }
  }
  return [...lowest].flatMap(([key, limit]) => {
    const feature = to.features.get(key);
    return feature?.type === "metered" ? [{ feature, lowest: limit }] : [];
  });
}

/** Counts the tenants that have used more than their limit will be, from those that have used more than the lowest one. */
export async function estimateOver(
  { db, now }: Pick<Services, "db" | "now">,
  change: CompiledChange,
  pace: Pace,
): Promise<TenantCount | null> {
  const falling = fallingLimits(change);
  if (falling.length === 0) return null;
  const { readAside: q, tables: t } = db;
  const at = now();
  const tenants = new Set<string>();
  let isLowerBound = falling.length > maxFeatures;
  for (const { feature, lowest } of falling.slice(0, maxFeatures)) {
    await pace();
    const ranges = counterRangesAt(feature, at);
    // A total above the limit has a part above its share of it.
    const above = Math.floor(lowest / ranges.length);
    for (const range of ranges) {
      const found = await countersAbove(q, t, { feature: feature.key, ...range, above }, maxCounters);
      if (found.length === maxCounters) isLowerBound = true;
      for (const { tenant } of found) tenants.add(tenant);
    }
  }
  let over = 0;
  const keys = [...tenants];
  for (let from = 0; from < keys.length; from += batchSize) {
    await pace();
    over += await countOver(keys.slice(from, from + batchSize));
  }
  return { tenants: over, isLowerBound };

  async function countOver(batch: string[]): Promise<number> {
    const lower = [...(await readTenantsByKey(q, t, batch)).values()].flatMap((tenant) => {
      if (!tenant) return [];
      return [...effectsFor(change, { was: tenant }, at)].flatMap((effect) => {
        const feature = change.to.features.get(effect.feature);
        if (feature?.type !== "metered" || !isLowerLimit(effect, change.to)) return [];
        return [{ tenant: tenant.key, counters: countersOfTenant(feature, tenant, at), limit: effect.is as number }];
      });
    });
    const totals = await readTotalsOf(
      q,
      t,
      lower.flatMap(({ counters }) => counters),
    );
    const sums = new Map(totals.map((total) => [counterId(total), total]));
    const over = lower.filter(({ counters, limit }) => usedIn(counters, (counter) => sums.get(counterId(counter))) > limit);
    return new Set(over.map(({ tenant }) => tenant)).size;
  }
}
