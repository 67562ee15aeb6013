import { type ComparedFeature, type ComparedTenant, compareFeatures } from "~/core/decision/comparison";
import type { TenantFacts } from "~/core/model";
import { day, isoDay } from "~/core/time";
import type { Services } from "~/server/services.server";
import { type DayChecks, readChecksByDay } from "~/server/tenants/checks-by-day.server";
import { currentTenant } from "~/server/tenants/tenants.server";

export type ComparedChecks = { allowed: number; refused: number; previous: number; days: DayChecks[] };
export type Compared = { facts: TenantFacts; entitled: number; checks: ComparedChecks };
export type ComparedTenants = { tenants: Compared[]; features: ComparedFeature[]; from: string; to: string };

/** Facts, checks of the last `days` UTC days, and each feature of these tenants. The keys of unknown tenants otherwise. */
export async function compareTenants(
  services: Services,
  keys: readonly string[],
  days: number,
): Promise<{ compared: ComparedTenants } | { unknown: string[] }> {
  const { checks, counts, facts: cache } = services;
  const now = services.now();
  const found: (ComparedTenant & { key: string })[] = [];
  for (const key of keys) {
    const facts = await currentTenant(services, key);
    if (facts) found.push({ key, facts, readings: checks.readings(await checks.context(key), now) });
  }
  if (found.length < keys.length) return { unknown: keys.filter((key) => !found.some((one) => one.key === key)) };
  await counts.flush();
  const features = compareFeatures(found, cache.catalogue(), now);
  const tenants: Compared[] = [];
  for (const [i, { facts }] of found.entries()) {
    const entitled = features.filter(({ decisions }) => decisions[i]?.entitled).length;
    const checks = await readChecksByDay(services, facts.key, days);
    const sum = (of: "allowed" | "refused") => checks.days.reduce((total, one) => total + one[of], 0);
    tenants.push({ facts, entitled, checks: { ...checks, allowed: sum("allowed"), refused: sum("refused") } });
  }
  return { compared: { tenants, features, from: isoDay(now - (days - 1) * day), to: isoDay(now) } };
}
