import { listedFeatures, readingsOf } from "~/core/answer";
import { type AnswerRow, answerRow, byGroup } from "~/core/answer-row";
import { decide } from "~/core/decide";
import { foldText } from "~/core/plain-text";
import type { TenantRequest } from "./tenants.server";

export const featureFilters = ["yes", "no", "trial", "override"] as const;
export type FeatureFilter = (typeof featureFilters)[number];

export const featuresPerPage = 100;
/** Plans that a row names. */
const maxNames = 10;

const shortList = (names: string[]) =>
  names.length <= maxNames ? names : [...names.slice(0, maxNames), `${names.length - maxNames} more`];

/** One page of a tenant's features that match, each with its answer and what it comes from. */
export function tenantFeatures(tenant: TenantRequest, search: string, show: FeatureFilter | null, page: number) {
  const { facts, catalogue } = tenant;
  // Archived ones answer by name only, but a grant of one must not vanish from sight.
  const keys = new Set([...listedFeatures(catalogue), ...facts.grants.map((g) => g.feature)]);
  const features = [...keys].flatMap((key) => catalogue.features.get(key) ?? []).sort(byGroup);
  const rows = features.map((feature) => answerRow(tenant, feature));
  const words = foldText(search).trim();
  const matches = (row: AnswerRow) => foldText(`${row.name}\n${row.key}\n${row.group ?? ""}`).includes(words) && isShown(row, show);
  const matching = rows.filter(matches);
  const last = Math.max(1, Math.ceil(matching.length / featuresPerPage));
  const from = (Math.min(page, last) - 1) * featuresPerPage;
  return {
    all: rows.length,
    entitled: rows.filter((r) => r.entitled).length,
    matching: matching.length,
    page: Math.min(page, last),
    rows: matching.slice(from, from + featuresPerPage).map((row) => ({ ...row, availableIn: shortList(row.availableIn) })),
  };
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
