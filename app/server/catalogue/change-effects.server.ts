import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { ChangeEffects, TenantCount } from "~/core/catalogue/effect-words";
import { usagePeriod } from "~/core/decision/usage-period";
import type { ImportedTenantChange } from "~/core/import/tenant-import";
import type { CatalogueFacts, Feature, Instant, ResetPeriod } from "~/core/model";
import { day, hour, isoDay } from "~/core/time";
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
  for (const reset of changed.slice(0, maxResets)) resets.push({ ...reset, ...(await countUsers(services, reset, pace)) });
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
const lookbackMs = 30 * day;
/** Max index entries of checks read: 30 days of a feature that 3,000 tenants use daily. */
const maxCheckRows = 100_000;
/** Counters of one feature that are read. */
const maxCounters = 20_000;
const batchSize = 1_000;

async function usersOf({ db, now }: Services, features: string[]): Promise<NonNullable<ChangeEffects["use"]>> {
  const since = isoDay(now() - lookbackMs);
  const count = (keys: string[]) => countCheckedTenants(db.readAside, db.tables, keys, since, maxCheckRows);
  return { byName: await count(features), withAll: await count([allFeatures]) };
}

type ResetPeriodChange = { key: string; name: string; before: ResetPeriod; after: ResetPeriod };

function resetPeriodChange(was: Feature, is: Feature): ResetPeriodChange | null {
  if (was.type !== "metered" || is.type !== "metered" || is.archivedAt !== null) return null;
  const [before, after] = [was.meter.resetPeriod, is.meter.resetPeriod];
  return before === after ? null : { key: is.key, name: is.name, before, after };
}

/** Longer than any period of the kind, in ms. */
const maxPeriodMs: { [period in ResetPeriod]: number } = {
  hour,
  day,
  week: 7 * day,
  month: 31 * day,
  year: 366 * day,
  never: 0,
};

/** Counts the tenants that have used some of a feature in their present period. */
async function countUsers({ db, now }: Services, { key, before }: ResetPeriodChange, pace: Pace): Promise<TenantCount> {
  const at: Instant = now();
  const counter = { feature: key, periodKind: before, since: before === "never" ? -1 : at - maxPeriodMs[before] };
  let tenants = 0;
  let last: UsedCounter | undefined;
  for (let read = 0; read < maxCounters; read += batchSize) {
    await pace();
    const counters = await usedCounters(db.readAside, db.tables, counter, last, batchSize);
    for (const { periodStart, usageAnchor } of counters) {
      if ((usagePeriod(before, at, usageAnchor).start ?? -1) === periodStart) tenants += 1;
    }
    last = counters.at(-1);
    if (counters.length < batchSize) return { tenants, isLowerBound: false };
  }
  return { tenants, isLowerBound: true };
}
