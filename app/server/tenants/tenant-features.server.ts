import { listedFeatures, readingsOf } from "~/core/decision/answer";
import { type AnswerRow, answerRow, byGroupAndName } from "~/core/decision/answer-row";
import { decide } from "~/core/decision/decide";
import { foldText } from "~/core/plain-text";
import type { TenantRequest } from "./tenants.server";

export const featureFilters = ["yes", "no", "trial", "override"] as const;
export type AnswerFilter = (typeof featureFilters)[number];

/** A row with its sources is 4 kB of HTML, and a page is rendered in one turn of the event loop. */
export const featuresPerPage = 50;
/** Max plans named in a row. */
const maxNames = 10;

const shortList = (names: string[]) =>
  names.length <= maxNames ? names : [...names.slice(0, maxNames), `${names.length - maxNames} more`];

/** One page of a tenant's matching features with their answers and sources. */
export function tenantFeatures(tenant: TenantRequest, search: string, show: AnswerFilter | null, page: number) {
  const { facts, catalogue } = tenant;
  // Archived features are answered by name only, but their grants stay visible.
  const keys = new Set([...listedFeatures(catalogue), ...facts.grants.map((g) => g.feature)]);
  const features = [...keys].flatMap((key) => catalogue.features.get(key) ?? []).sort(byGroupAndName);
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

function isShown(row: AnswerRow, show: AnswerFilter | null): boolean {
  if (show === null) return true;
  if (show === "yes" || show === "no") return row.entitled === (show === "yes");
  return row.sources.some((s) => s.kind === show);
}

/** Number of features that are on, or would be if the tenant were not suspended. */
export function entitledWhenActive({ facts, catalogue, now, readings }: TenantRequest): number {
  const tenant = { ...facts, status: "active" as const };
  const says = (feature: string) => decide({ tenant, catalogue, feature, now, ...readingsOf(readings, catalogue.features.get(feature)) });
  return listedFeatures(catalogue).filter((feature) => says(feature).entitled).length;
}
