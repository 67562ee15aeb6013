import { listedFeatures, readingsOf } from "~/core/decision/answer";
import { type AnswerRow, answerRow, byGroupAndName } from "~/core/decision/answer-row";
import { decide } from "~/core/decision/decide";
import { foldText } from "~/core/plain-text";
import { day, isoDay } from "~/core/time";
import type { Services } from "~/server/services.server";
import { countsByFeature } from "~db/store/check-counts.server";
import type { TenantRequest } from "./tenants.server";

export const featureFilters = ["all", "yes", "no", "trial", "override"] as const;
export type AnswerFilter = (typeof featureFilters)[number];
/** Days after which a feature no longer counts as asked for. */
export const askedDays = 30;

/** A row with its sources is 4 kB of HTML, and a page is rendered in one turn of the event loop. */
export const featuresPerPage = 18;
/** Max plans named in a row. */
const maxNames = 10;

const shortList = (names: string[]) =>
  names.length <= maxNames ? names : [...names.slice(0, maxNames), `${names.length - maxNames} more`];

export type FeatureQuery = {
  search: string;
  show: AnswerFilter | null /** "" is the group of features without one. */;
  group: string | null;
  page: number;
};

/** Up to this many features are shown without opening their groups. */
const maxOpen = 15;

/**
 * A tenant's features by group, with the answers and sources of one page. Without a search and a filter: those that it
 * has, asked for lately, or was granted something of, and only the rows of one group if they are many. `isAsOf`: the
 * tenant is as of another instant, so features are not listed because of recent checks.
 */
export async function tenantFeatures(
  services: Services,
  tenant: TenantRequest,
  { search, show, group, page }: FeatureQuery,
  isAsOf = false,
) {
  const { facts, catalogue } = tenant;
  // Archived features are answered by name only, but their grants stay visible.
  const keys = new Set([...listedFeatures(catalogue), ...facts.grants.map((g) => g.feature)]);
  const features = [...keys].flatMap((key) => catalogue.features.get(key) ?? []).sort(byGroupAndName);
  const rows = features.map((feature) => answerRow(tenant, feature));
  const words = foldText(search).trim();
  const isFiltered = words !== "" || show !== null;
  const matching = isFiltered
    ? rows.filter((row) => isFound(row, words, show))
    : relevantOf(rows, isAsOf ? new Set() : await askedFeatures(services, tenant));
  const areAllOpen = isFiltered || matching.length <= maxOpen;
  const open = areAllOpen ? matching : matching.filter((row) => (row.group ?? "") === group);
  const last = Math.max(1, Math.ceil(open.length / featuresPerPage));
  const from = (Math.min(page, last) - 1) * featuresPerPage;
  const shown = open.slice(from, from + featuresPerPage).map((row) => ({ ...row, availableIn: shortList(row.availableIn) }));
  const groups = [...new Set((areAllOpen ? shown : matching).map((row) => row.group))];
  return {
    isFiltered,
    all: rows.length,
    entitled: rows.filter((r) => r.entitled).length,
    matching: open.length,
    page: Math.min(page, last),
    groups: groups.map((name) => {
      const inGroup = rows.filter((row) => row.group === name);
      const own = shown.filter((row) => row.group === name);
      return { name, entitled: inGroup.filter((row) => row.entitled).length, all: inGroup.length, rows: own, canClose: !areAllOpen };
    }),
  };
}

const isFound = (row: AnswerRow, words: string, show: AnswerFilter | null) =>
  foldText(`${row.name}\n${row.key}\n${row.group ?? ""}`).includes(words) && isShown(row, show);

const relevantOf = (rows: AnswerRow[], asked: Set<string>): AnswerRow[] =>
  rows.filter((row) => row.entitled || asked.has(row.key) || row.sources.length > 0);

async function askedFeatures({ db, counts }: Services, { facts, now }: TenantRequest): Promise<Set<string>> {
  await counts.flush();
  const rows = await countsByFeature(db.readAside, db.tables, facts.key, isoDay(now - (askedDays - 1) * day));
  return new Set(rows.map((row) => row.feature));
}

function isShown(row: AnswerRow, show: AnswerFilter | null): boolean {
  if (show === null || show === "all") return true;
  if (show === "yes" || show === "no") return row.entitled === (show === "yes");
  return row.sources.some((s) => s.kind === show);
}

/** Number of features that are on, or would be if the tenant were not suspended. */
export function entitledWhenActive({ facts, catalogue, now, readings }: TenantRequest): number {
  const tenant = { ...facts, status: "active" as const };
  const says = (feature: string) => decide({ tenant, catalogue, feature, now, ...readingsOf(readings, catalogue.features.get(feature)) });
  return listedFeatures(catalogue).filter((feature) => says(feature).entitled).length;
}
