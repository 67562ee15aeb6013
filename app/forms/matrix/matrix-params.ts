import { tenantFilterNames } from "~/forms/tenants/tenant-list-params";

/** Filters of tenants. All of the list's but those for a feature, because `feature` names a column here. */
export const matrixFilterNames = tenantFilterNames.filter((name) => name !== "feature" && name !== "through");

/** The filters of a matrix, for the address of another one. */
export const matrixFilters = (params: URLSearchParams) => Object.fromEntries(matrixFilterNames.map((name) => [name, params.get(name)]));
