import { day, isoDay } from "~/core/time";
import { allFeatures } from "~/server/checks/check-counts.server";
import type { Services } from "~/server/services.server";
import { countsByDay, countsByFeature } from "~db/store/check-counts.server";
import { readConsumption } from "./tenant-consumption.server";
import { currentTenant, type TenantRequest } from "./tenants.server";

const days = 30;
/** Features of which the page shows the consumption; the API has all. */
const maxConsumptionRows = 200;

/** Checks of the last 30 UTC days including today: per day without gaps, and per feature. */
export async function tenantUsage(services: Services, { facts, catalogue, now }: TenantRequest, feature: string | null) {
  const { db, counts } = services;
  await counts.flush();
  const first = now - (days - 1) * day;
  const byDay = new Map(Array.from({ length: days }, (_, i) => [isoDay(first + i * day), { allowed: 0, refused: 0 }]));
  for (const row of await countsByDay(db.readAside, db.tables, facts.key, isoDay(first))) {
    const bar = byDay.get(row.day);
    if (bar) bar[row.allowed ? "allowed" : "refused"] += row.count;
  }
  const rows = await countsByFeature(db.readAside, db.tables, facts.key, isoDay(first));
  const features = rows.map(({ feature, ...row }) => ({
    ...row,
    key: feature,
    name: feature === allFeatures ? "All features at once" : (catalogue.features.get(feature)?.name ?? feature),
    isKnown: catalogue.features.has(feature),
    isAll: feature === allFeatures,
    now,
  }));
  const { consumption, events } = await readConsumption(services, facts, now, { feature });
  return {
    days,
    bars: [...byDay].map(([label, bar]) => ({ label, ...bar })),
    features,
    allowed: features.reduce((sum, f) => sum + f.allowed, 0),
    refused: features.reduce((sum, f) => sum + f.refused, 0),
    consumption: consumption.filter(({ used, setAt }) => used > 0 || setAt !== null).slice(0, maxConsumptionRows),
    events,
  };
}
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
  const byDay = new Map(Array.from({ length: days }, (_, i) => [isoDay(now - (days - 1 - i) * day), { allowed: 0, refused: 0 }]));
  for (const row of await countsByDay(db.readAside, db.tables, tenant, first)) {
    const one = byDay.get(row.day);
    if (one) one[row.allowed ? "allowed" : "refused"] += row.count;
  }
  const features = await countsByFeature(db.readAside, db.tables, tenant, first);
  const sum = (of: "allowed" | "refused") => features.reduce((all, f) => all + f[of], 0);
  const { consumption, events } = await readConsumption(services, known, now, { feature, only: feature !== null });
  return {
    tenant,
    from: first,
    to: isoDay(now),
    checks: {
      allowed: sum("allowed"),
      refused: sum("refused"),
      days: [...byDay].map(([label, one]) => ({ day: label, ...one })),
      features,
    },
    consumption,
    ...(feature === null ? {} : { events }),
  };
}
