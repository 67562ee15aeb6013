import type { SearchResults } from "~/core/search/results";
import { typeWords } from "~/forms/catalogue/feature-words";
import { paths } from "~/paths";

/** One line of results: what it is called, what else identifies it, and where it leads. */
export type ResultRow = { to: string; name: string; detail: string; note: string | null };
export type ResultGroup = { heading: "Tenants" | "Features" | "Plans"; rows: ResultRow[]; hasMore: boolean };

const statusWords = { active: null, suspended: "Suspended", archived: "Archived" };

/** Groups that found something. */
export function resultGroups({ tenants, features, plans }: SearchResults): ResultGroup[] {
  const groups: ResultGroup[] = [
    {
      heading: "Tenants",
      hasMore: tenants.hasMore,
      rows: tenants.rows.map(({ key, name, status, plan }) => ({
        to: paths.tenant(key),
        name,
        detail: key,
        note: statusWords[status] ?? plan?.name ?? null,
      })),
    },
    {
      heading: "Features",
      hasMore: features.hasMore,
      rows: features.rows.map(({ key, name, type, isArchived }) => ({
        to: paths.feature(key),
        name,
        detail: key,
        note: isArchived ? "Archived" : typeWords[type],
      })),
    },
    {
      heading: "Plans",
      hasMore: plans.hasMore,
      rows: plans.rows.map(({ key, name, kind, isArchived }) => ({
        to: paths.plan(key),
        name,
        detail: key,
        note: isArchived ? "Archived" : kind === "add_on" ? "Add-on" : null,
      })),
    },
  ];
  return groups.filter(({ rows }) => rows.length > 0);
}
