import { day, isoDay } from "~/core/time";
import { allFeatures } from "~/server/checks/check-counts.server";
import type { Services } from "~/server/services.server";
import { countsByFeature } from "~db/store/check-counts.server";
import { readChecksByDay } from "./checks-by-day.server";
import { readConsumption } from "./tenant-consumption.server";
import { featuresNotAsked, maxSummaryTrials, readSources, readTrialUse, withHistory } from "./tenant-usage-parts.server";
import { currentTenant, type TenantRequest } from "./tenants.server";

/** Max rows of consumption on the page. The API returns all. */
const maxConsumptionRows = 200;
/** Features of the plan that the page names. */
const maxNotAsked = 100;

/**
 * Checks of the last `days` UTC days including today: per day without gaps, per feature, per source, and in the range
 * before. Consumption with its history, trials, and features that were never checked.
 */
export async function tenantUsage(
  services: Services,
  { facts, catalogue, now }: Pick<TenantRequest, "facts" | "catalogue" | "now">,
  { days, feature }: { days: number; feature: string | null },
) {
  const { db, counts } = services;
  await counts.flush();
  const first = now - (days - 1) * day;
  const from = isoDay(first);
  const byDay = await readChecksByDay(services, facts.key, days);
  const rows = await countsByFeature(db.readAside, db.tables, facts.key, from);
  const features = rows.map(({ feature, ...row }) => ({
    ...row,
    key: feature,
    name: feature === allFeatures ? "All features at once" : (catalogue.features.get(feature)?.name ?? feature),
    isKnown: catalogue.features.has(feature),
    isAll: feature === allFeatures,
    now,
  }));
  const { consumption, events } = await readConsumption(services, facts, now, { feature });
  const consumed = consumption.filter(({ used, setAt }) => used > 0 || setAt !== null);
  const notAsked = featuresNotAsked(catalogue, facts, new Set(rows.map((row) => row.feature)));
  const trials = await readTrialUse(services, facts.key, now);
  const cut = [
    ...(consumed.length > maxConsumptionRows ? [`${consumed.length - maxConsumptionRows} limits, those used least`] : []),
    ...(trials.length === maxSummaryTrials ? [`trials before the newest ${maxSummaryTrials}, if there are any`] : []),
  ];
  return {
    days,
    bars: byDay.days.map(({ day: label, ...bar }) => ({ label, ...bar })),
    features,
    sources: await readSources(services, facts.key, from),
    allowed: features.reduce((sum, f) => sum + f.allowed, 0),
    refused: features.reduce((sum, f) => sum + f.refused, 0),
    previous: byDay.previous,
    consumption: (await withHistory(services, facts, now, consumed)).sort((a, b) => b.fill - a.fill).slice(0, maxConsumptionRows),
    trials,
    /** What was left out of the other parts, as phrases. */
    cut,
    notAsked: notAsked.slice(0, maxNotAsked),
    moreNotAsked: Math.max(0, notAsked.length - maxNotAsked),
    events,
  };
}
export type TenantUsageData = Awaited<ReturnType<typeof tenantUsage>>;
export type FeatureUsage = Awaited<ReturnType<typeof tenantUsage>>["features"][number];

/**
 * Variant for the API: the last `days` days, with the usage of each metered feature, or of `feature` alone with its
 * newest events. Null if the tenant does not exist.
 */
export async function usageSummary(
  services: Services,
  tenant: string,
  { days, feature = null }: { days: number; feature?: string | null },
) {
  const { db, counts } = services;
  const known = await currentTenant(services, tenant);
  if (!known) return null;
  await counts.flush();
  const now = services.now();
  const first = isoDay(now - (days - 1) * day);
  const byDay = await readChecksByDay(services, tenant, days);
  const features = await countsByFeature(db.readAside, db.tables, tenant, first);
  const sum = (of: "allowed" | "refused") => features.reduce((all, f) => all + f[of], 0);
  const { consumption, events } = await readConsumption(services, known, now, { feature, only: feature !== null });
  const asked = new Set(features.map((row) => row.feature));
  return {
    tenant,
    from: first,
    to: isoDay(now),
    checks: {
      allowed: sum("allowed"),
      refused: sum("refused"),
      ...byDay,
      features,
      sources: await readSources(services, tenant, first),
    },
    consumption: await withHistory(services, known, now, consumption),
    trials: (await readTrialUse(services, tenant, now)).map(({ name: _, ...trial }) => trial),
    notAsked: featuresNotAsked(services.facts.catalogue(), known, asked).map(({ key }) => key),
    ...(feature === null ? {} : { events }),
  };
}
