import { listedFeatures, readingsOf } from "~/core/answer";
import { type AnswerRow, answerRow, byGroup } from "~/core/answer-row";
import { decide } from "~/core/decide";
import type { TenantRequest } from "./tenants.server";

export const featureFilters = ["yes", "no", "trial", "override"] as const;
export type FeatureFilter = (typeof featureFilters)[number];

/** Every feature of a tenant that matches, each with its answer and what it comes from. */
export function tenantFeatures(tenant: TenantRequest, search: string, show: FeatureFilter | null) {
  const { facts, catalogue } = tenant;
  // Archived ones answer by name only, but a grant of one must not vanish from sight.
  const keys = new Set([...listedFeatures(catalogue), ...facts.grants.map((g) => g.feature)]);
  const features = [...keys].flatMap((key) => catalogue.features.get(key) ?? []).sort(byGroup);
  const rows = features.map((feature) => answerRow(tenant, feature));
  const words = search.trim().toLowerCase();
  const matches = (row: AnswerRow) => `${row.name}\n${row.key}\n${row.group ?? ""}`.toLowerCase().includes(words) && isShown(row, show);
  return { all: rows.length, entitled: rows.filter((r) => r.entitled).length, rows: rows.filter(matches) };
}

function isShown(row: AnswerRow, show: FeatureFilter | null): boolean {
  if (show === null) return true;
  if (show === "yes" || show === "no") return row.entitled === (show === "yes");
  return row.sources.some((s) => s.kind === show);
}

/** How many features say yes, or would were the tenant not suspended. */
export function entitledWhenActive({ facts, catalogue, now, readings }: TenantRequest): number {
  const tenant = { ...facts, status: "active" as const };
  const says = (feature: string) => decide({ tenant, catalogue, feature, now, ...readingsOf(readings, catalogue.features.get(feature)) });
  return listedFeatures(catalogue).filter((feature) => says(feature).entitled).length;
}
