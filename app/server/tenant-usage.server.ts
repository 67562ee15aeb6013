import { countsByDay, countsByFeature } from "~db/store/check-counts.server";
import { allFeatures } from "./check-counts.server";
import type { Services } from "./services.server";
import type { TenantRequest } from "./tenants.server";

const days = 30;
const day = 86_400_000;
const nameOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** Checks of the last 30 days in UTC, today included: by day with none left out, and by feature. */
export async function tenantUsage({ db, counts }: Services, { facts, catalogue, now }: TenantRequest) {
  await counts.flush();
  const first = now - (days - 1) * day;
  const byDay = new Map(Array.from({ length: days }, (_, i) => [nameOf(first + i * day), { allowed: 0, refused: 0 }]));
  for (const row of await countsByDay(db.read, db.tables, facts.key, nameOf(first))) {
    const bar = byDay.get(row.day);
    if (bar) bar[row.allowed ? "allowed" : "refused"] += row.count;
  }
  const rows = await countsByFeature(db.read, db.tables, facts.key, nameOf(first));
  const features = rows.map(({ feature, ...row }) => ({
    ...row,
    key: feature,
    name: feature === allFeatures ? "All features at once" : (catalogue.features.get(feature)?.name ?? feature),
    isKnown: catalogue.features.has(feature),
    isAll: feature === allFeatures,
    now,
  }));
  return {
    days,
    bars: [...byDay].map(([label, bar]) => ({ label, ...bar })),
    features,
    allowed: features.reduce((sum, f) => sum + f.allowed, 0),
    refused: features.reduce((sum, f) => sum + f.refused, 0),
  };
}
export type FeatureUsage = Awaited<ReturnType<typeof tenantUsage>>["features"][number];
