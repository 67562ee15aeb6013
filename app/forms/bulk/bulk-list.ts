import type { BulkActId, BulkSelection } from "~/core/bulk/bulk-act";
import { tenantFilterNames, tenantViewQuery } from "~/forms/tenants/tenant-list-params";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { readRefusedQuery } from "~/forms/usage/usage-pages";

/** Lists whose tenants a bulk act may change, as the form names them. */
export const bulkLists = ["filter", "trials", "demand"] as const;
export type BulkList = (typeof bulkLists)[number];

const names: { [L in BulkList]: readonly string[] } = {
  filter: tenantFilterNames,
  trials: ["tab", "within", "q", "feature", "by", "outcome", "ends", "from", "to"],
  demand: ["feature", "days"],
};

/** All of a list: its parameters without order and place, and what the form begins with. */
export type BulkOfList = { list: BulkList; query: string; filters: string[]; act?: BulkActId; feature?: string };

/** What an address asks for: `all=1`, and `list` if it is not the list of tenants. Null if the tenants are named. */
export function readBulkList(params: URLSearchParams): BulkOfList | null {
  if (params.get("all") !== "1") return null;
  const list = bulkLists.find((one) => one === params.get("list")) ?? "filter";
  const clean = list === "filter" ? tenantViewQuery(params) : params;
  const query = new URLSearchParams(names[list].flatMap((name) => (clean.get(name) ? [[name, clean.get(name) as string]] : [])));
  if (list === "trials" && !query.has("tab") && !query.has("ends")) query.set("tab", "ending");
  if (list === "demand") query.set("days", String(readRefusedQuery(query).days));
  const filters = [...query].map(([name, value]) => `${name}: ${value}`);
  const about = { list, query: query.toString(), filters };
  if (list === "filter") return about;
  const feature = query.get("feature") ?? undefined;
  const isOver = list === "demand" || (query.get("tab") === "ended" && !query.has("ends"));
  return { ...about, feature, act: isOver ? "grant_trial" : "extend_trial" };
}

/** The tenants of a list with these parameters. Invalid ones are ignored, as in the list. */
export function selectionOfList(list: BulkList, query: string): Exclude<BulkSelection, { kind: "keys" | "job" }> {
  const params = new URLSearchParams(query);
  if (list === "trials") return { kind: "trials", query };
  if (list === "demand") return { kind: "demand", feature: params.get("feature") ?? "", days: readRefusedQuery(params).days };
  return { kind: "filter", filter: readTenantListQuery(params).filter };
}
