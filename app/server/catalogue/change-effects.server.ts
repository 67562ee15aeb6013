import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { ChangeEffects, TenantCount } from "~/core/catalogue/effect-words";
import { countsAfter } from "~/core/catalogue/period-changes";
import { counterPeriodsAt, counterRangesAt } from "~/core/decision/counters";
import type { CounterPeriod, MeteredFeature } from "~/core/decision/usage";
import { usedWithinMs } from "~/core/impact/tenant-effects";
import type { ImportedTenantChange } from "~/core/import/tenant-import";
import type { CatalogueFacts, Feature } from "~/core/model";
import { isoDay } from "~/core/time";
import { allFeatures } from "~/server/checks/check-counts.server";
import type { Services } from "~/server/services.server";
import { countCheckedTenants, type UsedCounter, usedCounters } from "~db/store/feature-use.server";
import { compileChange, impactOf } from "./impact.server";
import { estimateOver } from "./over-limit.server";
import { createPace, type Pace } from "./pace.server";

/** A change that was not made yet. `catalogue` null: it stays as it is. */
export type ProposedChange = { catalogue: CatalogueChange | null; tenants: ImportedTenantChange[] };
type Options = { signal?: AbortSignal; hasFlags?: boolean };

/** The effects of a change on tenants, estimated in the background process where there is one. Throws if `signal` aborts. */
export async function effectsOf(services: Services, change: ProposedChange, options: Options = {}): Promise<ChangeEffects> {
  const { background, env, facts } = services;
  const hasFlags = options.hasFlags ?? env.posthog !== null;
  if (background.isOn()) return background.effects(change, hasFlags, options.signal);
  return estimateEffects(services, facts.catalogueFacts(), change, { ...options, hasFlags });
}

/** Variant in this process, starting with `current`. */
export async function estimateEffects(
  services: Services,
  current: CatalogueFacts,
  { catalogue, tenants: writes }: ProposedChange,
  { signal, hasFlags = services.env.posthog !== null }: Options = {},
): Promise<ChangeEffects> {
  const pace = createPace(signal);
  const after = catalogue ? applyCatalogueChange(current, catalogue, current.revision) : current;
  const change = await compileChange(current, after, pace);
  const { from, difference } = change;
  const impact = await impactOf(services, change, { signal, hasFlags, writes });
  const archived = (catalogue?.plans ?? []).filter((p) => p.archivedAt !== null && from.plans.get(p.key)?.archivedAt === null);
  const concerned = new Set([...difference.features, ...archived.flatMap((p) => [...(from.gives.get(p.key)?.keys() ?? [])])]);
  const existing = [...concerned].filter((key) => from.features.has(key));
  const use = existing.length === 0 ? null : await usersOf(services, existing);
  const changed = after.features.flatMap((is) => {
    const was = from.features.get(is.key);
    return was ? (resetPeriodChange(was, is) ?? []) : [];
  });
  const resets: ChangeEffects["resets"] = [];
  for (const { was, ...reset } of changed.slice(0, maxResets)) resets.push({ ...reset, ...(await countUsers(services, was, pace)) });
  return {
    impact,
    over: await estimateOver(services, change, pace),
    use,
    resets,
    moreResets: changed.length - resets.length,
    usesFlags: hasFlags && difference.flags.length > 0,
  };
}

/** Max features whose tenants are counted when their reset period changes. */
const maxResets = 20;
/** Max index entries of checks read: 30 days of a feature that 3,000 tenants use daily. */
const maxCheckRows = 100_000;
/** Counters of one feature that are read. */
const maxCounters = 20_000;
const batchSize = 1_000;

async function usersOf({ db, now }: Services, features: string[]): Promise<NonNullable<ChangeEffects["use"]>> {
  const since = isoDay(now() - usedWithinMs);
  const count = (keys: string[]) => countCheckedTenants(db.readAside, db.tables, keys, since, maxCheckRows);
  return { byName: await count(features), withAll: await count([allFeatures]) };
}

type ResetPeriodChange = { was: MeteredFeature } & Omit<ChangeEffects["resets"][number], keyof TenantCount>;

function resetPeriodChange(was: Feature, is: Feature): ResetPeriodChange | null {
  if (was.type !== "metered" || is.type !== "metered" || is.archivedAt !== null) return null;
  const counts = countsAfter(was, is);
  return counts && { was, name: is.name, before: was.meter.resetPeriod, after: is.meter.resetPeriod, counts };
}

/** Counts the tenants that have used some of a feature in their present period. */
async function countUsers({ db, now }: Services, feature: MeteredFeature, pace: Pace): Promise<TenantCount> {
  const at = now();
  const tenants = new Set<string>();
  let isLowerBound = false;
  for (const range of counterRangesAt(feature, at)) {
    let last: UsedCounter | undefined;
    for (let read = 0; read < maxCounters; read += batchSize) {
      await pace();
      const counters = await usedCounters(db.readAside, db.tables, { feature: feature.key, ...range }, last, batchSize);
      for (const { tenant, periodStart, usageAnchor } of counters) {
        const isNow = ({ periodKind, ...period }: CounterPeriod) => periodKind === range.periodKind && period.periodStart === periodStart;
        if (counterPeriodsAt(feature, { usageAnchor }, at).some(isNow)) tenants.add(tenant);
      }
      last = counters.at(-1);
      if (counters.length < batchSize) break;
      isLowerBound ||= read + batchSize >= maxCounters;
    }
  }
  return { tenants: tenants.size, isLowerBound };
}
