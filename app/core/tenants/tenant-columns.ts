/** Columns of the list of tenants beside the name, which is always the first. */
export const tenantColumnIds = ["plan", "trials", "limit", "refused", "status", "changed", "created"] as const;
type FixedColumn = (typeof tenantColumnIds)[number];

/** A column of the metadata with this key is `meta.` and the key. */
export type TenantColumn = FixedColumn | `meta.${string}`;
export const defaultTenantColumns: readonly TenantColumn[] = ["plan", "trials", "limit", "refused", "status"];
export const maxTenantColumns = 10;
const metadataPrefix = "meta.";
const maxKeyLength = 100;

export const metadataColumn = (key: string): TenantColumn => `meta.${key}`;
/** Null for a column that is not of metadata. */
export const metadataKeyOf = (column: TenantColumn): string | null =>
  column.startsWith(metadataPrefix) ? column.slice(metadataPrefix.length) : null;

export const tenantDensities = ["compact", "normal", "roomy"] as const;
/** Rows of 32, 40 and 52 px. */
export type TenantDensity = (typeof tenantDensities)[number];

/** How a person sees the list. */
export type TenantListLook = { columns: readonly TenantColumn[]; density: TenantDensity };
export const defaultLook: TenantListLook = { columns: defaultTenantColumns, density: "normal" };

const isColumn = (id: string): id is TenantColumn =>
  (tenantColumnIds as readonly string[]).includes(id) ||
  (id.startsWith(metadataPrefix) && id.length > metadataPrefix.length && id.length <= metadataPrefix.length + maxKeyLength);

/** Keeps what names a column, each once. */
export const knownColumns = (ids: readonly string[]): TenantColumn[] => [...new Set(ids)].filter(isColumn).slice(0, maxTenantColumns);
