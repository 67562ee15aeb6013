import { readPage } from "./feature-filter";

const maxText = 200;

/** `all`: all features, not only what the plan adds. `group`: "" is the group of features without one. `compare`: a key or name. */
export type PlanPageQuery = { all: boolean; group: string | null; compare: string | null; page: number };

/** Reads the query of a plan's page; invalid values are ignored. */
export function readPlanQuery(params: URLSearchParams): PlanPageQuery {
  const group = params.get("group");
  return {
    all: params.get("show") === "all",
    group: group === null || group.length > maxText ? null : group,
    compare: params.get("compare")?.trim().slice(0, maxText) || null,
    page: readPage(params),
  };
}
