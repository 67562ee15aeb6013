import { knownColumns, type TenantColumn } from "~/core/tenants/tenant-columns";
import { maxTenantSorts, type TenantSort, tenantSortIds } from "~/core/tenants/tenant-filter";

// The grammar of the list's URL. Without zod, because the page's own script reads it.

/** Query value for tenants without a plan. No plan's key can be this. */
export const withoutPlan = "-";
/** Days after which a trial that "ends soon" has ended. */
export const endingSoonDays = 7;
export const maxTrialDays = 366;

/** Parameters of the list's filters, in the order in which a URL has them. */
export const tenantFilterNames = ["q", "plan", "addOn", "status", "trial", "feature", "through", "metaKey", "metaValue"] as const;
/** Max characters of each filter that is typed. A longer one is ignored. */
export const maxFilterLengths = { q: 200, plan: 100, addOn: 100, feature: 100, metaKey: 100, metaValue: 200 } as const;
/** All parameters that make up a view. The page's number is none of them. */
const tenantViewNames = [...tenantFilterNames, "sort", "cols", "density"] as const;

export const maxViewName = 60;

/** `plan,-refused`: by plan, within a plan the most refused first. */
export function readTenantSort(value: string): TenantSort[] {
  const sorts = value.split(",").flatMap((part): TenantSort[] => {
    const id = tenantSortIds.find((one) => one === part.replace(/^-/, ""));
    return id ? [{ id, desc: part.startsWith("-") }] : [];
  });
  return sorts.filter(({ id }, i) => sorts.findIndex((one) => one.id === id) === i).slice(0, maxTenantSorts);
}
export const tenantSortText = (sorts: readonly TenantSort[]): string => sorts.map(({ id, desc }) => (desc ? `-${id}` : id)).join(",");

/** `plan,trials,meta.region`. A key of metadata is percent-encoded, because it may hold a comma. */
export const readTenantColumns = (values: readonly string[]): TenantColumn[] =>
  knownColumns(values.flatMap((value) => value.split(",")).map((id) => decoded(id.trim())));
export const tenantColumnsText = (columns: readonly TenantColumn[]): string => columns.map(encodedColumn).join(",");
/** One column as a form sends it. */
export const encodedColumn = (column: TenantColumn): string => column.replace(/[%,]/g, (c) => encodeURIComponent(c));

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return "";
  }
}

/** The same list's parameters in one order, without what is empty, unknown, or the page's number. */
export function tenantViewQuery(params: URLSearchParams): URLSearchParams {
  const clean = new URLSearchParams();
  for (const name of tenantViewNames) {
    const columns = name === "cols" ? tenantColumnsText(readTenantColumns(params.getAll("cols"))) : params.get(name);
    if (columns && !(name === "through" && !params.get("feature")) && !(name === "metaValue" && !params.get("metaKey")))
      clean.set(name, columns);
  }
  return clean;
}
