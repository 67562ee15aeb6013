import { countersOfTenant, usedIn } from "~/core/decision/counters";
import { type Counter, counterId } from "~/core/decision/usage";
import type { CompiledChange } from "~/core/impact/catalogue-difference";
import { type Candidate, type FeatureEffect, impact, type ShapeEffects } from "~/core/impact/impact";
import { isLowerLimit, type TenantEffectRow, tenantEffectRows, usedWithinMs } from "~/core/impact/tenant-effects";
import type { Instant, TenantFacts } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { isoDay } from "~/core/time";
import type { Services } from "~/server/services.server";
import { readLastFlagReadings } from "~db/store/affected-tenants.server";
import { readCheckSums } from "~db/store/impacts.server";
import { readTotalsOf, type Total } from "~db/store/usage-totals.server";
import type { PinnedChange } from "./impact-change.server";
import { createPace } from "./pace.server";

type Parts = Pick<Services, "db">;

/** `tenant`: as it will be. */
type AffectedByChange = { tenant: TenantFacts; effects: FeatureEffect[] };

/** Those of the tenants that gain, lose or get another value of a feature, with their flags as they were last known. */
export async function findAffected(
  { db }: Parts,
  { compiled, writes, hasFlags }: PinnedChange,
  tenants: readonly TenantFacts[],
  at: Instant,
  shapes: ShapeEffects,
): Promise<AffectedByChange[]> {
  const pace = createPace(undefined);
  const keys = tenants.map(({ key }) => key);
  const flags = await readLastFlagReadings(db.readAside, db.tables, keys, hasFlags ? compiled.difference.flags : []);
  const affected: AffectedByChange[] = [];
  for (const was of tenants) {
    const candidate: Candidate = { was, is: writes.get(was.key), flags: flags.get(was.key) };
    const [effects = []] = impact(compiled, [candidate], at, shapes);
    if (effects.length > 0) affected.push({ tenant: effective(candidate.is ?? was, compiled.to, at), effects });
    await pace();
  }
  return affected;
}

/** Counters per statement. */
const counterBatch = 2_000;

/** One row per tenant and effect, with how often they used what changes, and how much of a limit that falls. */
export async function effectRowsOf(
  { db }: Parts,
  compiled: CompiledChange,
  affected: readonly AffectedByChange[],
  at: Instant,
): Promise<TenantEffectRow[]> {
  const { readAside: q, tables: t } = db;
  const features = [...new Set(affected.flatMap(({ effects }) => effects.map(({ feature }) => feature)))];
  const keys = affected.map(({ tenant }) => tenant.key);
  const checks = await readCheckSums(q, t, { tenants: keys, features, since: isoDay(at - usedWithinMs) });
  const countersOf = (tenant: TenantFacts, key: string): Counter[] => {
    const feature = compiled.to.features.get(key);
    return feature?.type === "metered" ? countersOfTenant(feature, tenant, at) : [];
  };
  const counters = affected.flatMap(({ tenant, effects }) =>
    effects.flatMap((one) => (isLowerLimit(one, compiled.to) ? countersOf(tenant, one.feature) : [])),
  );
  const sums = new Map<string, Total>();
  for (let from = 0; from < counters.length; from += counterBatch) {
    const totals = await readTotalsOf(q, t, counters.slice(from, from + counterBatch));
    for (const total of totals) sums.set(counterId(total), total);
  }
  return affected.flatMap(({ tenant, effects }) =>
    tenantEffectRows(tenant.key, effects, compiled, {
      checks: (feature) => checks.get(tenant.key)?.get(feature),
      used: (feature) => {
        const found = countersOf(tenant, feature);
        const isCounted = found.some((counter) => sums.has(counterId(counter)));
        return isCounted ? usedIn(found, (counter) => sums.get(counterId(counter))) : undefined;
      },
    }),
  );
}
